"""Tokens: WCAG contrast of every text on every surface and tint, in both themes."""

import re
from itertools import product

import pytest

from components.theme.apply import FAVICON, RUN_OPTIONS

CSS = (FAVICON.parent / "tokens.css").read_text()
PAIRS = {
    name: (light, dark)
    for name, light, dark in re.findall(
        r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS
    )
}
TONES = tuple(name.removesuffix("-tint") for name in PAIRS if name.endswith("-tint"))
SURFACES = ("s0", "s1", "s2")
AA_TEXT, AA_SHAPE = 4.5, 3.0


def _luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_every_tone_is_there() -> None:
    expected = "ok slow structure failed signin limited running pending ended"
    assert set(TONES) == set(expected.split())


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(
    ("text", "surface"),
    [
        *product(("text", "muted", "faint", *TONES), SURFACES),
        *((tone, f"{tone}-tint") for tone in TONES),
        *(("on-solid", tone) for tone in ("failed", "structure", "signin")),
        ("on-accent", "accent"),
        ("text", "s3"),
        ("muted", "s3"),
    ],
)
def test_text_can_be_read(theme: int, text: str, surface: str) -> None:
    assert contrast(PAIRS[text][theme], PAIRS[surface][theme]) >= AA_TEXT


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(
    ("shape", "surface"),
    list(product(("control", "focus", "chart-1", "chart-2", "chart-3", "chart-4"), ("s0", "s1"))),
)
def test_shapes_can_be_seen(theme: int, shape: str, surface: str) -> None:
    assert contrast(PAIRS[shape][theme], PAIRS[surface][theme]) >= AA_SHAPE


def test_no_colour_is_written_anywhere_but_in_the_tokens() -> None:
    """Otherwise one theme would be forgotten."""
    pattern = re.compile(r"#[0-9a-fA-F]{3,8}\b")
    root = FAVICON.parents[1]
    wrong = [
        f"{path.relative_to(root)}: {match.group()}"
        for kind in ("*.css", "*.js", "*.py")
        for path in sorted(root.rglob(kind))
        if path.name != "tokens.css"
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.lstrip().startswith(("#", "//"))
        for match in pattern.finditer(line)
        if re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})", match.group())
    ]
    assert not wrong, "\n".join(wrong)


def test_the_look_needs_nothing_from_the_network() -> None:
    for path in FAVICON.parent.glob("*.css"):
        assert "url(" not in path.read_text()
        assert "@import" not in path.read_text()
    assert RUN_OPTIONS["tailwind"] is False
