"""Notice bar: what an operator must know about the store, above every page until it is read."""

from collections.abc import Callable, Sequence

from nicegui import ui

from components.primitives.banner import banner
from components.primitives.button import icon_button
from components.words import tr


class NoticeBar(ui.element):
    """One banner a sentence; one that was read stays away until it is another sentence."""

    def __init__(self, on_read: Callable[[str], object], read: Sequence[str]) -> None:
        """Start empty; `on_read` hears the sentence that was read, `read` are the ones before."""
        super().__init__("div")
        self.classes("gb-notices")
        self._on_read = on_read
        self._read = set(read)
        self._shown: tuple[object, ...] = ()

    def show(self, texts: Sequence[str], *, lasting: bool) -> None:
        """Show these; lasting ones (nothing can be kept) are red and cannot be put away."""
        wanted = tuple(text for text in texts if lasting or text not in self._read)
        if (wanted, lasting) == self._shown:
            return
        self._shown = (wanted, lasting)
        self.clear()
        with self:
            for text in wanted:
                self._banner(text, lasting=lasting)

    def _banner(self, text: str, *, lasting: bool) -> None:
        strip = banner(text, tone="failed" if lasting else "slow", symbol="database")
        if lasting:
            return

        def put_away() -> None:
            self._read.add(text)
            self._on_read(text)
            self._shown = ()
            strip.delete()

        with strip:
            icon_button("close", tr("Close"), put_away, small=True)
