"""Foreign text never becomes markup or code: the sinks that would do it are not used."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FACES = ("components", "gymbro_ui")
_SCRIPT_WORDS = re.compile(
    r"v-html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML"
)
_ELEMENTS = {"html", "markdown", "editor", "chat_message", "interactive_image", "restructured_text"}
_CODE_CALLS = {
    "run_javascript",
    "add_head_html",
    "add_body_html",
    "add_css",
    "add_scss",
    "add_sass",
}


def _python() -> list[Path]:
    return [path for face in FACES for path in sorted((ROOT / face).rglob("*.py"))]


def _calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def test_no_script_writes_markup() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for face in FACES
        for path in sorted((ROOT / face).rglob("*.js"))
        for match in _SCRIPT_WORDS.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


def test_no_page_uses_an_element_that_renders_markup() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{call.lineno} ui.{_name(call)}"
        for path in _python()
        for call in _calls(path)
        if _name(call) in _ELEMENTS
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "ui"
    ]
    assert not wrong, "\n".join(wrong)


def test_code_sent_to_a_browser_is_constant() -> None:
    """Data travels as props, events and arguments; the only exceptions are two constants."""
    allowed = {"components/theme/apply.py"}  # version hash and one of two look names
    wrong = [
        f"{relative}:{call.lineno} {_name(call)}"
        for path in _python()
        if (relative := path.relative_to(ROOT).as_posix()) not in allowed
        for call in _calls(path)
        if _name(call) in _CODE_CALLS and not isinstance(call.args[0], ast.Constant)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_property_is_evaluated_in_the_browser_but_constants() -> None:
    """NiceGUI runs a property whose name begins with a colon as code."""
    wrong: list[str] = []
    for path in _python():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    str(part.value) for part in node.values if isinstance(part, ast.Constant)
                )
                if re.search(r"(^|\s):[a-z-]+=", text):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong, "\n".join(wrong)
