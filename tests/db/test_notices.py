"""What the store tells an operator: whole sentences, in both languages."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from db.notices import TEXTS, StoreNotice

CATALOGUE = Path(__file__).resolve().parents[2] / "locale" / "zh" / "LC_MESSAGES" / "store.po"


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_every_notice_is_a_sentence_in_both_languages(code: str) -> None:
    with CATALOGUE.open("rb") as file:
        message = read_po(file, locale="zh").get(TEXTS[code])
    assert message is not None
    assert isinstance(message.string, str)
    assert names_in(message.string) == names_in(TEXTS[code])
    params = dict.fromkeys(names_in(TEXTS[code]), "7")
    sentence = str(StoreNotice(code, params))
    assert sentence[0].isupper()
    assert "{" not in sentence
