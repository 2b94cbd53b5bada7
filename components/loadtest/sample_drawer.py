"""Sample drawer: one call whole: its times, ids, request, reply, error, and the gateway's record."""

from collections.abc import Sequence
from urllib.parse import urlencode

from nicegui import ui

from components.loadtest.advice import advice
from components.loadtest.words import CLASS_LOOKS, ms_text
from components.primitives.button import copy_button
from components.primitives.card import heading
from components.primitives.drawer import Drawer
from components.primitives.formats import NOTHING, count_text, duration_text
from components.primitives.status_dot import StatusDot
from components.words import tr
from services.loadtest.types import Sample, StoredSample

REPLY_KEPT = 2_000  # characters of a reply, as the engine keeps them


class SampleDrawer:
    """A sheet beside the page."""

    def __init__(self) -> None:
        """Start closed."""
        self._drawer = Drawer(tr("One call"))
        self.no = 0

    @property
    def is_open(self) -> bool:
        """Whether it shows now."""
        return self._drawer.is_open

    def close(self) -> None:
        """Slide out."""
        self._drawer.close()

    def show(self, stored: StoredSample, gateway: Sequence[tuple[str, str]] | None) -> None:
        """Open it for a call; `gateway` is what our own gateway knows, None for a foreign one."""
        sample = stored.sample
        self.no = sample.no
        self._drawer.head.clear()
        self._drawer.body.clear()
        look = CLASS_LOOKS[sample.sample_class]
        with self._drawer.head:
            ui.label(tr("Call {n}", n=count_text(sample.no))).classes("t-section")
            StatusDot(look.tone, look.shape, look.weight, look.label)
        with self._drawer.body:
            self._error(sample)
            _facts(tr("Times"), _times(sample))
            _facts(tr("Identity and ids"), _ids(stored))
            _text(tr("Request"), stored.message)
            reply = sample.reply_text
            cut = tr("first {n} characters", n=count_text(REPLY_KEPT))
            _text(tr("Reply"), reply, note=cut if len(reply) >= REPLY_KEPT else "")
            if gateway is not None:
                _facts(tr("What this console's gateway knows"), gateway)
                if sample.request_id:
                    address = f"/logs?{urlencode({'level': 'INFO', 'request': sample.request_id})}"
                    ui.link(tr("Log lines of this request"), address).classes("gb-link t-table")
        self._drawer.open()

    def _error(self, sample: Sample) -> None:
        if not sample.error:
            return
        with ui.element("section").classes("lt-error").props("role=alert") as box:
            box.props["data-tone"] = CLASS_LOOKS[sample.sample_class].tone
            status = f" · HTTP {sample.status}" if sample.status is not None else ""
            ui.label(f"{sample.error}{status}").classes("t-strong t-wrap")
            known = advice(sample.error)
            if known != NOTHING:
                ui.label(known).classes("t-table t-wrap")
            if sample.error_text:
                ui.label(sample.error_text).classes("t-mono t-wrap")


def _times(sample: Sample) -> list[tuple[str, str]]:
    return [
        (tr("Begun after"), duration_text(sample.at_ms)),
        (tr("Late start"), ms_text(sample.late_ms) if sample.late_ms else NOTHING),
        (tr("Accepted"), ms_text(sample.accepted_ms)),
        (tr("First event"), ms_text(sample.first_event_ms)),
        (tr("First text"), ms_text(sample.ttft_ms)),
        (tr("Whole answer"), ms_text(sample.total_ms)),
        (
            tr("Gap between events"),
            f"p95 {ms_text(sample.gap_p95_ms)} · {tr('max')} {ms_text(sample.gap_max_ms)}",
        ),
        (tr("Events"), f"{count_text(sample.event_count)} · {count_text(sample.byte_count)} B"),
    ]


def _ids(stored: StoredSample) -> list[tuple[str, str]]:
    sample = stored.sample
    return [
        (tr("Model"), sample.model_key),
        (tr("User"), tr("No. {n} of the pool", n=sample.user_no) if sample.user_no else NOTHING),
        (tr("Request id"), sample.request_id),
        (tr("Message id"), sample.message_id),
        (tr("Prompt"), f"#{sample.prompt_id}" if sample.prompt_id else NOTHING),
        (tr("Provider endpoint"), f"#{sample.endpoint_id}" if sample.endpoint_id else NOTHING),
    ]


def _facts(title: str, facts: Sequence[tuple[str, str]]) -> None:
    with ui.element("section").classes("gb-col"):
        heading(title, 3)
        with ui.element("dl").classes("gb-facts"):
            for name, text in facts:
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    ui.label(text or NOTHING).classes("t-wrap")
                    if len(text) > 20:  # ids are copied, words are not
                        copy_button(text, tr("Copy"))


def _text(title: str, text: str, note: str = "") -> None:
    with ui.element("section").classes("gb-col"):
        with ui.element("div").classes("gb-row"):
            heading(title, 3)
            if note:
                ui.label(note).classes("t-meta c-faint")
            ui.element("div").classes("gb-grow")
            if text:
                copy_button(text, tr("Copy"))
        ui.label(text or tr("Nothing came")).classes("lt-text t-mono t-wrap")
