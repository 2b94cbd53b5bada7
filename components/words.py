"""Words: every visible sentence in the language of the page that shows it, from gettext catalogues."""

import gettext
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from nicegui import Client, app, context
from nicegui.slot import Slot

from services.foundation.messages import Message

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"
LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "English"}  # each in its own words
QUASAR_LANGUAGES: Mapping[str, str] = {"zh": "zh-CN", "en": "en-US"}
DEFAULT = "zh"
_KEY = "language"

_spoken: ContextVar[str] = ContextVar("spoken", default="")


def tr(text: str, **params: Any) -> str:
    """Return the text in the page's language, its braces filled; English stands where none is."""
    return _fill(_catalogue(language()).gettext(text) if text else "", params)


def trn(one: str, many: str, n: int, **params: Any) -> str:
    """Return the form for `n` in the page's language; `{n}` is filled too, with its thousands apart."""
    return _fill(_catalogue(language()).ngettext(one, many, n), {"n": f"{n:,}", **params})


def sentence(message: Message) -> str:
    """Return a service's message in the page's language; what it names is translated too.

    A parameter called `label` is by convention the English template of a kind or a check.
    """
    params = dict(message.params)
    if isinstance(params.get("label"), str):
        params["label"] = tr(params["label"])
    return tr(message.text, **params)


def word(text: str) -> str:
    """Return the text unchanged; the name marks a table's English word for the catalogues."""
    return text


def language() -> str:
    """Return `zh` or `en`: what this client speaks, in its callbacks too."""
    if spoken := _spoken.get():
        return spoken
    client = current_client()
    if client is None:
        return DEFAULT
    chosen = str(client.storage.get(_KEY, ""))  # pyright: ignore[reportUnknownArgumentType]  # NiceGUI's
    return chosen if chosen in LANGUAGES else DEFAULT


def settle_language(client: Client) -> str:
    """Fix the client's language while its page is built: its user's choice, else its browser's."""
    chosen = remembered_language()
    if not chosen:
        chosen = from_header(client.request.headers.get("accept-language", ""))
    client.storage[_KEY] = chosen
    return chosen


def remembered_language() -> str:
    """Return what the user of this request chose, or an empty text."""
    chosen = str(app.storage.user.get(_KEY, ""))  # pyright: ignore[reportUnknownArgumentType]  # NiceGUI's
    return chosen if chosen in LANGUAGES else ""


def choose_language(code: str) -> None:
    """Remember the user's language; the page must be loaded anew to show it."""
    if code in LANGUAGES:
        app.storage.user[_KEY] = code


def from_header(header: str) -> str:
    """Return the best known language of an Accept-Language header, else the default."""
    wishes: list[tuple[float, str]] = []
    for position, part in enumerate(header.split(",")[:20]):
        name, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        wishes.append((-weight + position / 1000, name.split("-")[0].lower()))
    return next((code for _, code in sorted(wishes) if code in LANGUAGES), DEFAULT)


@contextmanager
def speaking(code: str) -> Generator[None]:
    """Speak that language inside the block, whatever the client chose (tests, exports)."""
    token = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(token)


def current_client() -> Client | None:
    """Return the client whose page or callback this is, or None outside of any page."""
    return context.client if Slot.get_stack() else None


def _fill(text: str, params: Mapping[str, Any]) -> str:
    if not params:
        return text
    values = {
        name: sentence(value) if isinstance(value, Message) else value
        for name, value in params.items()
    }
    try:
        return text.format(**values)
    except (KeyError, IndexError, ValueError, AttributeError):  # a faulty catalogue entry
        return text


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    merged = _Merged()
    for path in sorted((LOCALE_DIR / code / "LC_MESSAGES").glob("*.mo")):
        with path.open("rb") as file:
            merged.add(gettext.GNUTranslations(file))
    return merged


class _Merged(gettext.NullTranslations):
    """Several catalogues behind one door; the first that knows a text answers."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[Any, str] = {}
        self._plural: Callable[[int], int] = lambda n: int(n != 1)

    def add(self, catalogue: gettext.GNUTranslations) -> None:
        """Take the texts of one file."""
        texts: Mapping[Any, str] = getattr(catalogue, "_catalog", {})
        self._texts = {**texts, **self._texts}
        self._plural = getattr(catalogue, "plural", self._plural)

    def gettext(self, message: str) -> str:
        """Return the translation, or the message itself."""
        found = self._texts.get(message)
        if found is None:  # a text that also has a plural stands under its first form
            found = self._texts.get((message, self._plural(1)))
        return found or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the translated form for n, or the English one."""
        return self._texts.get((msgid1, self._plural(n))) or (msgid1 if n == 1 else msgid2)


def main(arguments: Sequence[str]) -> int:
    """Compile every catalogue, or list what has no Chinese yet (in the folders that are named)."""
    from components import catalogues  # noqa: PLC0415  # Babel is needed here only

    match list(arguments):
        case ["compile"]:
            lines = [str(path.relative_to(LOCALE_DIR.parent)) for path in catalogues.compile_all()]
        case ["missing", *folders]:
            lines = catalogues.missing("zh", tuple(folders))
        case _:
            sys.stderr.write("usage: python -m components.words compile | missing [FOLDER …]\n")
            return 2
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
