"""Find what must not be sent to a search engine: e-mail, IPv4, Chinese mobile number."""

import re

_EMAIL = re.compile(r"(?<=[\w.+-])@[A-Za-z0-9-]++\.[A-Za-z]")
_IPV4 = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\.?\d)", re.ASCII)
_MOBILE = re.compile(r"(?<!\d)1\d{10}(?!\d)", re.ASCII)
_TAG = re.compile(r"<\s*+/?+\s*+[A-Za-z][^<>]*+>")


def has_sensitive(text: str) -> bool:
    """Return whether the text names an e-mail address, an IPv4 address or a mobile number."""
    if _EMAIL.search(text) or _MOBILE.search(text):
        return True
    return any(all(int(part) < 256 for part in found) for found in _IPV4.findall(text))


def find_tag(text: str) -> int:
    """Return where the first tag of any name begins, or -1."""
    found = _TAG.search(text)
    return -1 if found is None else found.start()
