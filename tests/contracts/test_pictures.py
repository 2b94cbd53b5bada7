"""The pictures of the docs: each is there, of one size, small, and what the texts show exists."""

import re
import struct

from tests.support.process import ROOT
from tests.support.screens import IMAGES, SHOWN

MOST_BYTES = 3_000_000  # in all: they are fetched with every clone
_SHOWN_IN_TEXT = re.compile(r"!\[[^\]]*\]\(([^)\s]+\.png)\)")


def test_every_shown_page_has_a_light_english_and_a_dark_chinese_picture_of_one_size():
    wanted = {f"{page}-{kind}.png" for page in SHOWN for kind in ("light-en", "dark-zh")}
    assert wanted == {path.name for path in IMAGES.glob("*.png")}
    heads = {path.name: path.read_bytes()[16:24] for path in IMAGES.glob("*.png")}
    sizes = {name: struct.unpack(">II", head) for name, head in heads.items()}
    assert set(sizes.values()) == {(1280, 800)}


def test_all_pictures_together_are_small():
    assert sum(path.stat().st_size for path in IMAGES.glob("*.png")) < MOST_BYTES


def test_every_picture_a_text_shows_is_there():
    texts = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    missing = [
        f"{text.relative_to(ROOT)}: {found}"
        for text in texts
        for found in _SHOWN_IN_TEXT.findall(text.read_text(encoding="utf-8"))
        if not (text.parent / found).resolve().is_file()
    ]
    assert not missing
