"""Words: languages, plurals, messages in messages, and what a faulty entry does."""

import pytest

from components import words
from components.words import from_header, language, sentence, speaking, tr, trn
from services.foundation.messages import say
from tests.support.client import a_client


def test_each_client_speaks_its_own_language() -> None:
    with a_client("en"):
        assert tr("Overview") == "Overview"
    with a_client("zh"):
        assert tr("Overview") == "总览"


def test_the_language_of_a_page_inside_another_does_not_leak() -> None:
    with a_client("zh"):
        with a_client("en"):
            assert language() == "en"
        assert language() == "zh"


def test_outside_of_any_page_chinese_is_spoken() -> None:
    assert language() == "zh"


def test_a_client_without_a_choice_speaks_the_default() -> None:
    with a_client("xx"):
        assert language() == "zh"


def test_a_text_without_translation_stays_english() -> None:
    with speaking("zh"):
        assert tr("A text nobody translated {n}", n=3) == "A text nobody translated 3"


def test_plural_forms_follow_the_number() -> None:
    one, many = "{n} conversation", "{n} conversations"
    with speaking("en"):
        assert trn(one, many, 1) == "1 conversation"
        assert trn(one, many, 0) == "0 conversations"
    with speaking("zh"):
        assert trn(one, many, 1) == "1 次对话"
        assert trn(one, many, 12) == "12 次对话"


def test_a_message_inside_a_message_is_translated_too() -> None:
    message = say("Edit {name}", name=say("Overview"))
    with speaking("zh"):
        assert sentence(message) == "编辑 总览"
    assert str(message) == "Edit Overview"


def test_a_label_is_a_template_of_its_own() -> None:
    message = say("{label} is running already", label="Overview")
    with speaking("zh"):
        assert sentence(message) == "总览 已在运行"


def test_braces_in_a_value_are_only_text() -> None:
    with speaking("en"):
        assert tr("Edit {name}", name="{password.__class__}") == "Edit {password.__class__}"


def test_a_faulty_template_is_shown_as_it_is() -> None:
    with speaking("en"):
        assert tr("Broken {0} {name", name="x") == "Broken {0} {name"
        assert tr("Missing {other}", name="x") == "Missing {other}"
        assert tr("") == ""


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr-FR,en;q=0.5,zh;q=0.3", "en"),
        ("de,fr;q=0.9", "zh"),
        ("en;q=0.1,zh;q=0.9", "zh"),
        ("en;q=bad,zh;q=0.2", "zh"),
        (",,;;q=,*", "zh"),
    ],
)
def test_the_browser_is_believed(header: str, code: str) -> None:
    assert from_header(header) == code


def test_only_known_arguments_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert words.main(["nonsense"]) == 2
    assert "usage" in capsys.readouterr().err
