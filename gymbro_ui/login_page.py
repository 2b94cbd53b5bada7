"""Login page: one plain form in both languages and looks, without any script."""

import hashlib
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from components.theme.apply import FAVICON
from components.words import LANGUAGES, QUASAR_LANGUAGES, language, tr

_HERE = Path(__file__).resolve().parent
_TOKENS = FAVICON.with_name("tokens.css")
SHEET = (_TOKENS.read_text("utf-8") + (_HERE / "login.css").read_text("utf-8")).encode()
SHEET_VERSION = hashlib.sha256(SHEET).hexdigest()[:12]
_MARK = FAVICON.read_text("utf-8").replace("<svg ", '<svg aria-hidden="true" ', 1)
COMMAND = "python main.py password"


@dataclass(frozen=True, slots=True)
class Scene:
    """What the page shows; every text in it may come from anywhere."""

    place: str  # the Host header
    wanted: str  # path to go to afterwards
    look: str  # auto, light or dark
    account: str = ""
    problem: str = ""  # why the last try was refused, in the page's language
    has_password: bool = True
    asks_everybody: bool = False  # who sits at this machine as well
    is_readable: bool = False  # neither encrypted nor on this machine


def draw(scene: Scene) -> str:
    """Return the page in the language spoken now."""
    look = f' data-look="{scene.look}"' if scene.look in ("light", "dark") else ""
    body = _form(scene) if scene.has_password else _no_password()
    return f"""<!doctype html>
<html lang="{QUASAR_LANGUAGES[language()]}"{look}>
<head>
<meta charset="utf-8">
<title>{_text(tr("Sign in"))} · GymBro Console</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/login/style.css?v={SHEET_VERSION}">
</head>
<body>
<main>
<div class="brand">{_MARK}<div>GymBro Console<small>{_text(scene.place)}</small></div></div>
<div class="sheet">
{body}
</div>
<footer><span>{_text(tr("Only for whoever operates this console"))}</span>{_other_language(scene)}</footer>
</main>
</body>
</html>"""


def _form(scene: Scene) -> str:
    focus = ("", " autofocus") if scene.account else (" autofocus", "")
    return f"""<h1>{_text(tr("Sign in"))}</h1>
<p>{_text(_whom(scene))}</p>
{_note(scene.problem, "failed", 'id="problem" role="alert"')}
{_note(tr("This connection is not encrypted: others on the network can read the password."), "slow") if scene.is_readable else ""}
<form method="post" action="/login">
<input type="hidden" name="next" value="{_text(scene.wanted)}">
<input type="hidden" name="lang" value="{language()}">
<label>{_text(tr("Account"))}<input name="account" value="{_text(scene.account)}" required maxlength="40" autocomplete="username" autocapitalize="none" spellcheck="false"{focus[0]}></label>
<label>{_text(tr("Password"))}<input name="password" type="password" required maxlength="256" autocomplete="current-password"{' aria-describedby="problem"' if scene.problem else ""}{focus[1]}></label>
<button>{_text(tr("Sign in"))}</button>
</form>
<details><summary>{_text(tr("Password forgotten?"))}</summary>
<p>{_text(tr("On the machine of this console, this sets a new one:"))}</p><code>{COMMAND}</code></details>"""


def _whom(scene: Scene) -> str:
    if scene.asks_everybody:
        return tr("Everybody signs in on this console.")
    return tr("This console asks everybody who does not sit at its machine.")


def _no_password() -> str:
    return f"""<h1>{_text(tr("No password is set"))}</h1>
<p>{_text(tr("Nobody can sign in from here before there is one. On the machine of this console:"))}</p>
<code>{COMMAND}</code>"""


def _other_language(scene: Scene) -> str:
    other = next(code for code in LANGUAGES if code != language())
    address = f"/login?lang={other}&next={quote(scene.wanted, safe='')}"
    return f'<a href="{_text(address)}" lang="{other}">{_text(LANGUAGES[other])}</a>'


def _note(text: str, tone: str, more: str = "") -> str:
    return f'<div class="note" data-tone="{tone}" {more}>{_text(text)}</div>' if text else ""


def _text(text: str) -> str:
    return escape(text, quote=True)
