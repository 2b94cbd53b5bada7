"""Providers: the wire's provider words as names for people."""

from collections.abc import Mapping

from components.words import tr, word

_NAMES: Mapping[str, str] = {
    "demo": word("Demo supplier"),
    "openai": "OpenAI",
    "claude": "Anthropic",
    "xai": "xAI",
    "gemini": "Gemini",
}


def provider_word(provider: str) -> str:
    """Return the provider's name in the page's language; an unknown word stays as it is."""
    name = _NAMES.get(provider)
    return provider if name is None else tr(name)
