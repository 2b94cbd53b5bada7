"""Pure: repair ThinkingML while it passes; the result does not depend on how the text is cut."""

import re

FENCE_INFO_MAX = 40  # characters after the opening backticks
TAG_MAX = 4_096  # a tag longer than this is text with a stray `<`
_WHITE_LIST = frozenset(("think", "serp", "thinking", "phase", "title", "final"))
_MARKER = "<<ParsingError>>"
_TITLE_ALIASES = frozenset(("Title", "标题"))
# `<`, blanks, optional `/`, blanks, a name: the same grammar as the validator's rule 13.
_HEAD = re.compile(r"<\s*(/?)\s*([A-Za-z]+|标题)")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_PREFIX = re.compile(r"<\s*/?\s*(?:[A-Za-z]*|标题?)$")
_FENCE_OPEN = re.compile(rf"\s*```[^\n`]{{0,{FENCE_INFO_MAX}}}\n\s*(?=<)")
_FENCE_OPEN_PREFIX = re.compile(rf"\s*(?:`{{0,2}}|```[^\n`]{{0,{FENCE_INFO_MAX}}}(?:\n\s*)?)$")
_FENCE_CLOSE = re.compile(r"```\s*")
_PHASE_ID = re.compile(r'\sid="(\d{1,9})"')


class Repairer:
    """Feed it pieces and send what comes back; `repairs` names what was done, in order."""

    def __init__(self) -> None:
        """Start before the first character."""
        self._buffer = ""
        self._at_start = True
        self._is_fenced = False
        self._thinking = "before"  # before, inside, after
        self._phase = ""  # the open phase's number
        self._title = ""  # of the open phase: empty, open or closed
        self._in_final = False
        self._is_over = False
        self._repairs: dict[str, None] = {}

    @property
    def repairs(self) -> tuple[str, ...]:
        """The words of contract 3.5 for what was repaired, each once."""
        return tuple(self._repairs)

    def feed(self, text: str) -> str:
        """Return what may be sent now; the rest waits for the next piece."""
        self._buffer += text
        return self._drain(is_last=False)

    def finish(self) -> str:
        """Return what was held back, and what closes an open phase."""
        rest = self._drain(is_last=True)
        return rest if self._is_over else rest + self._close_phase()

    def _drain(self, *, is_last: bool) -> str:
        if self._at_start and not self._open_fence(is_last=is_last):
            return ""
        out: list[str] = []
        while self._buffer and not self._is_over:
            cut = self._next_special()
            if cut:
                out.append(self._buffer[:cut])
                self._buffer = self._buffer[cut:]
                continue
            step = self._fence() if self._buffer[0] == "`" else self._tag(is_last=is_last)
            if step is None:
                break
            out.append(step)
        if self._is_over:
            self._drop_after_final(is_last=is_last)
        elif is_last and self._buffer:
            out.append("" if self._is_closing_fence() else self._buffer)
            self._buffer = ""
        return "".join(out)

    def _next_special(self) -> int:
        """Return how many characters pass untouched; 0 when something special is first."""
        marks = [self._buffer.find("<")]
        if self._is_fenced:
            marks.append(self._buffer.find("`"))
        found = [mark for mark in marks if mark >= 0]
        return min(found) if found else len(self._buffer)

    def _open_fence(self, *, is_last: bool) -> bool:
        """Return whether the beginning is decided; a fence around the document is dropped."""
        match = _FENCE_OPEN.match(self._buffer)
        if match is not None:
            self._buffer = self._buffer[match.end() :]
            self._is_fenced = True
            self._note("code_fence")
        elif not is_last and _FENCE_OPEN_PREFIX.match(self._buffer):
            return False
        self._at_start = False
        return True

    def _fence(self) -> str | None:
        """Return backticks that are text; None while they may be the closing fence."""
        if self._is_closing_fence() or self._buffer in ("`", "``"):
            return None
        match = _FENCE_CLOSE.match(self._buffer)
        return self._take(match.end() if match else 1)

    def _is_closing_fence(self) -> bool:
        return self._is_fenced and _FENCE_CLOSE.fullmatch(self._buffer) is not None

    def _tag(self, *, is_last: bool) -> str | None:
        """Return what becomes of the `<` in front; None while its tag is not complete."""
        if self._buffer.startswith(_MARKER):
            self._take(len(_MARKER))
            self._note("escaped_marker")
            return "&lt;&lt;ParsingError&gt;&gt;"
        if _MARKER.startswith(self._buffer[: len(_MARKER)]) and not is_last:
            return None
        if (line_break := _BREAK.match(self._buffer)) is not None:
            self._take(line_break.end())
            self._note("html_inline")
            return "\n"
        head = _HEAD.match(self._buffer)
        if head is None or self._is_prefix():
            return self._wait_or_text(is_last=is_last)
        return self._named(head, is_last=is_last)

    def _is_prefix(self) -> bool:
        return _PREFIX.fullmatch(self._buffer[:TAG_MAX]) is not None

    def _wait_or_text(self, *, is_last: bool) -> str | None:
        may_grow = self._is_prefix() and len(self._buffer) < TAG_MAX
        return None if may_grow and not is_last else self._take(1)

    def _named(self, head: re.Match[str], *, is_last: bool) -> str | None:
        """Decide a `<name`: a tag when `>` follows, or white space and then anything up to `>`."""
        after = self._buffer[head.end()]
        if after == "/" and head[2].lower() == "br" and len(self._buffer) == head.end() + 1:
            return self._take(1) if is_last else None
        if after != ">" and not after.isspace():
            return self._take(1)
        end = self._buffer.find(">", head.end(), TAG_MAX)
        again = self._buffer.find("<", head.end(), TAG_MAX)
        if end >= 0 and (again < 0 or end < again):
            return self._whole_tag(self._take(end + 1), head[1] == "/", head[2])
        if again < 0 and len(self._buffer) < TAG_MAX and not is_last:
            return None
        self._take(1)  # a comparison such as `a < b and …`, which a validator could take for a tag
        self._note("escaped_tag")
        return "&lt;"

    def _whole_tag(self, raw: str, is_close: bool, name: str) -> str:  # noqa: FBT001  # a parsed fact
        if name.lower() == "b":
            self._note("html_inline")
            return "**"
        if name in _TITLE_ALIASES:
            self._note("title_alias")
            raw, name = ("</title>" if is_close else "<title>"), "title"
        if name not in _WHITE_LIST:
            return self._escaped(raw)
        handle = {
            "thinking": self._thinking_tag,
            "phase": self._phase_tag,
            "title": self._title_tag,
            "final": self._final_tag,
            "serp": self._serp_tag,
        }.get(name)
        return raw if handle is None else handle(raw, is_close)

    def _thinking_tag(self, raw: str, is_close: bool) -> str:  # noqa: FBT001  # a parsed fact
        if is_close:
            if self._thinking != "inside":
                return self._escaped(raw)
            closing = self._close_phase()
            self._thinking = "after"
            return closing + raw
        if self._thinking != "before":
            return self._escaped(raw)
        self._thinking = "inside"
        return raw

    def _phase_tag(self, raw: str, is_close: bool) -> str:  # noqa: FBT001  # a parsed fact
        if self._thinking != "inside":
            return raw
        if is_close:
            closing = self._close_title() if self._phase else ""
            self._phase = ""
            return closing + raw
        closing = self._close_phase()
        number = _PHASE_ID.search(raw)
        self._phase = number[1] if number else "1"
        self._title = ""
        return closing + raw

    def _title_tag(self, raw: str, is_close: bool) -> str:  # noqa: FBT001  # a parsed fact
        if not self._phase:
            return raw
        wanted = "open" if is_close else ""
        if self._title != wanted:
            return self._escaped(raw)
        self._title = "closed" if is_close else "open"
        return raw

    def _final_tag(self, raw: str, is_close: bool) -> str:  # noqa: FBT001  # a parsed fact
        if self._thinking == "inside" or self._in_final != is_close:
            return self._escaped(raw)
        self._in_final = not is_close
        self._is_over = is_close
        return raw

    def _serp_tag(self, raw: str, _is_close: bool) -> str:  # noqa: FBT001  # a parsed fact
        return raw if self._thinking == "before" else self._escaped(raw)

    def _close_phase(self) -> str:
        if not self._phase:
            return ""
        closing = self._close_title() + "</phase>"
        self._phase = ""
        self._note("closed_phase")
        return closing

    def _close_title(self) -> str:
        if self._title == "closed":
            return ""
        if self._title == "open":
            self._title = "closed"
            self._note("closed_title")
            return "</title>"
        self._title = "closed"
        self._note("added_title")
        return f"<title>阶段{self._phase}</title>"

    def _drop_after_final(self, *, is_last: bool) -> None:
        """Nothing passes any more; it is a repair when there was more than blanks or the fence."""
        rest = self._buffer.strip()
        if not rest:
            self._buffer = ""
        elif self._is_fenced and rest in ("`", "``", "```") and not (is_last and rest != "```"):
            return
        else:
            self._note("cut_after_final")
            self._buffer = ""

    def _escaped(self, raw: str) -> str:
        self._note("escaped_tag")
        return raw.replace("<", "&lt;").replace(">", "&gt;")

    def _take(self, count: int) -> str:
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _note(self, word: str) -> None:
        self._repairs[word] = None
