"""Status dot: glyph and word of one state; colour is never the only sign."""

from nicegui import ui


class StatusDot(ui.element, component="status_dot.js"):
    """One state as a glyph with its word, or the glyph alone with the word as its name."""

    def __init__(
        self, tone: str, shape: str, weight: str, word: str, *, show_word: bool = True
    ) -> None:
        """Show the look; `word` is already in the page's language."""
        super().__init__()
        self._props["show"] = show_word
        self.show(tone, shape, weight, word)

    def show(self, tone: str, shape: str, weight: str, word: str) -> None:
        """Change to another look."""
        self._props.update({"tone": tone, "shape": shape, "weight": weight, "word": word})
        self.update()

    def stale(self, *, value: bool) -> None:
        """Draw it hollow: the verdict is older than it may be."""
        self._props["stale"] = value
        self.update()


class Age(ui.element, component="age.js"):
    """How long ago (or how soon) a time is, counted in the browser."""

    def __init__(self, at_ms: int | None, words: dict[str, str], *, title: str = "") -> None:
        """Count from the epoch milliseconds; `title` is the whole time with its zone."""
        super().__init__()
        self._props.update({"at": at_ms, "words": words, "label": title})

    def count_from(self, at_ms: int | None, title: str = "") -> None:
        """Count from another time."""
        self._props.update({"at": at_ms, "label": title})
        self.update()
