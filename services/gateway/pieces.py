"""Pure: cut long texts into pieces, preferably after a sentence."""

from collections.abc import Iterator

PIECE_KEPT_WHOLE = 256  # characters; a longer piece is cut
PIECE_MAX = 128
_GOOD_ENDS = "\n。？！.?! \t"


def pieces(text: str, kept_whole: int = PIECE_KEPT_WHOLE) -> Iterator[str]:
    """Yield the text whole up to `kept_whole` characters, else in pieces of at most 128."""
    if len(text) <= kept_whole:
        if text:
            yield text
        return
    start = 0
    while start < len(text):
        end = min(start + PIECE_MAX, len(text))
        if end < len(text):
            end = _good_end(text, start, end)
        yield text[start:end]
        start = end


def _good_end(text: str, start: int, end: int) -> int:
    """Return the position after the last good end of the piece's second half, else its end."""
    for position in range(end - 1, start + PIECE_MAX // 2, -1):
        if text[position] in _GOOD_ENDS:
            return position + 1
    return end
