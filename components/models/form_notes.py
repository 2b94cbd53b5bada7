"""Form notes: what a typed address means, and what becomes of the stored key."""

from nicegui import ui

from components.primitives.button import icon
from components.words import tr
from services.models.types import AddressNote


class AddressHint(ui.element):
    """Says which machine an address means; a local one must be allowed explicitly."""

    def __init__(self, known: str, *, is_allowed: bool = False) -> None:
        """Start silent for an address that needs no leave; a leave that was given is shown."""
        super().__init__("div")
        self.classes("gb-form__wide gb-col gap-4").props("aria-live=polite")
        self.classes(add="" if is_allowed else "gb-hide")
        self._known = known
        self._is_local = False
        with self:
            self._words = ui.label("").classes("t-meta c-muted t-wrap")
            self._allow = ui.switch(
                tr("Allow an address of this machine or a private network"), value=is_allowed
            )
            self._allow.mark("allow-local")

    def knows(self, typed: str) -> bool:
        """Return whether this address was looked at already."""
        return typed == self._known

    @property
    def is_allowed(self) -> bool:
        """Whether local addresses are allowed for this endpoint."""
        return bool(self._allow.value)

    @property
    def is_refused(self) -> bool:
        """Whether it is a local address that nobody allowed."""
        return self._is_local and not self._allow.value

    def show(self, typed: str, note: AddressNote) -> None:
        """Say what it means."""
        self._known = typed
        self._is_local = note.is_local
        means = ", ".join(note.addresses[:4]) or tr("no address known now")
        text = tr(
            "Used as {address}; {host} means {means}",
            address=note.base_url,
            host=note.host,
            means=means,
        )
        if note.is_forbidden:
            text += " · " + tr("a part of them is never contacted")
        self._words.set_text(text)
        self._allow.set_visibility(note.is_local or self.is_allowed)
        self.classes(remove="gb-hide")


class KeyNote(ui.element):
    """Warns that a changed address deletes the stored key, and offers to delete it anyway."""

    def __init__(self, *, has_key: bool) -> None:
        """Start silent; without a stored key it stays so."""
        super().__init__("div")
        self.classes("gb-form__wide gb-col gap-4")
        self._has_key = has_key
        self._delete: ui.checkbox | None = None
        with self:
            self._warning = ui.element("div").classes("mo-note gb-hide").props("role=alert")
            self._warning.props["data-tone"] = "slow"
            with self._warning:
                icon("key_off")
                ui.label(
                    tr(
                        "The address changes: the stored key will be deleted, so that it never leaves "
                        "for another server. Enter the key of the new address."
                    )
                )
            if has_key:
                self._delete = ui.checkbox(tr("Delete the stored key"))

    @property
    def deletes(self) -> bool:
        """Whether the stored key shall go."""
        return self._delete is not None and bool(self._delete.value)

    def warn(self, *, moved: bool) -> None:
        """Show or hide the warning."""
        is_on = moved and self._has_key
        self._warning.classes(add="" if is_on else "gb-hide", remove="gb-hide" if is_on else "")
