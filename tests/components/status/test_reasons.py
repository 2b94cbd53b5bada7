"""Machine words as sentences, in both languages, foreign text untouched."""

import pytest

from components.status.reasons import reason_text, short_reason
from components.words import speaking


@pytest.mark.parametrize(
    ("error", "sentence", "short"),
    [
        ("", "", ""),
        (
            "upstream_http_503:model overloaded",
            "HTTP 503 from the provider: model overloaded",
            "HTTP 503",
        ),
        (
            "thinkingml:unexpected_tag:br",
            "Tag <br> is not allowed",
            "Tag <br> is not allowed",
        ),
        ("jsonseq:empty_reply", "The reply is empty", "The reply is empty"),
        ("messages_create_failed: HTTP 404", "The message was refused with HTTP 404", "HTTP 404"),
        (
            "upstream_timeout",
            "The provider did not answer in time",
            "The provider did not answer in time",
        ),
        (  # R28
            "token_not_yet_valid",
            "For the gateway the token is from the future: its clock and that of the sign-in"
            " service differ. Set both by the network",
            "For the gateway the token is from the future: its clock and that of the sign-in"
            " service differ. Set both by the network",
        ),
        ("some server text: {braces}", "some server text: {braces}", "some server text: {braces}"),
    ],
)
def test_known_words_become_sentences(error: str, sentence: str, short: str):
    with speaking("en"):
        assert reason_text(error) == sentence
        assert short_reason(error) == short


def test_they_are_spoken_in_chinese_too():
    with speaking("zh"):
        assert reason_text("upstream_http_503") == "供应商返回 HTTP 503"
        assert reason_text("thinkingml:phase_id_not_start_from_1") == "首个阶段编号不是 1"
