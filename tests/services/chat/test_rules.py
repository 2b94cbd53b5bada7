"""Reading of bases, errors, waits and lists."""

from datetime import UTC, datetime

import pytest

from services.chat import rules

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("http://h:1", "http://h:1/api/v1"),
        (" http://h:1/// ", "http://h:1/api/v1"),
        ("http://h/api/v1/", "http://h/api/v1"),
        ("http://h/sub", "http://h/sub/api/v1"),
    ],
)
def test_the_base_ends_in_api_v1(given: str, wanted: str) -> None:
    assert rules.normalise_api_base(given) == wanted


@pytest.mark.parametrize(
    ("body", "word", "text"),
    [
        (b'{"code":"token_expired","message":"gone","msg":"x"}', "token_expired", "gone"),  # E1
        (b'{"code":404,"message":"no","data":null}', "", "no"),  # E2
        (
            b'{"detail":[{"msg":"Value error, model_required"}],"msg":"bad"}',
            "model_required",
            "bad",
        ),  # E3
        (b'{"detail":"Not Found"}', "", "Not Found"),  # E4
        (b"", "", ""),  # E8
        (b"<html>502</html>", "", "<html>502</html>"),
        (b'{"detail":[]}', "", ""),
        (b'{"detail":[5]}', "", ""),
        (b"[1]", "", "[1]"),
        (b'{"code":" "}', "", ""),
    ],
)
def test_the_machine_word_is_read_from_every_shape(body: bytes, word: str, text: str) -> None:
    assert rules.read_error(body) == (word, text)


def test_own_words_are_short_and_hold_no_secret() -> None:
    word, text = rules.read_error(
        b'{"code":"x","message":"' + b"tok-123456 " * 90 + b'"}', "tok-123456"
    )
    assert "tok-123456" not in text
    assert len(text) <= 500
    assert word == "x"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5),
        (" 60 ", 60),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("Mon, 02 Mar 2026 08:00:30 GMT", 30),
        ("Mon, 02 Mar 2026 07:00:00 GMT", 0),
        ("9" * 400, 999999999),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str, seconds: int | None) -> None:
    assert rules.read_retry_after(header, NOW) == seconds


def test_models_take_name_else_model_each_once_in_order() -> None:
    rows = [
        {"name": "b"},
        {"model": "a"},
        {"name": "b", "model": "c"},
        {"name": " "},
        5,
        {"name": 3, "model": "d"},
    ]
    models = rules.read_models({"code": 200, "data": rows})
    assert models is not None
    assert list(models) == ["b", "a", "d"]
    assert list(rules.read_models([{"name": "x"}]) or {}) == ["x"]
    assert rules.read_models({"data": None}) is None
