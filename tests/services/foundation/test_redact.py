"""Secrets in text: known ones in any shape, likely ones by their look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.foundation.redact import redact

SECRET = "hunter2.of+the(operator)"


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n    ", "  \n\t"])
@pytest.mark.parametrize("at", [1, 7, len(SECRET) - 1])
def test_a_known_value_that_a_line_break_cuts_is_masked_and_the_rest_stays(
    gap: str, at: int
) -> None:
    text = f"first\nkey {SECRET[:at]}{gap}{SECRET[at:]} end\nlast"
    assert redact(text, [SECRET]) == "first\nkey *** end\nlast"


def test_a_value_on_several_lines_and_a_whole_one_are_masked_together() -> None:
    text = f"{SECRET}\n" + "\n".join(SECRET)
    assert redact(text, ["short", SECRET]) == "***\n***"


@given(st.text(st.sampled_from("ab\n ."), max_size=60))
def test_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert redact(text, [SECRET]) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bearer abcdef123456", "Bearer ***"),
        ("https://me:pw@host/x", "https://***@host/x"),
        ('{"api_key": "0123456"}', '{"api_key": "***"}'),
        ("sk-abcdefgh12345678 and more", "*** and more"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, shown: str) -> None:
    assert redact(text) == shown
