"""Pure: server-sent frames as bytes, exactly as contract 3.1 writes them."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

PADDING = b":" + b" " * 2048 + b"\n\n"  # flushes buffering proxies; clients skip comments


def frame(event: str, data: Mapping[str, Any]) -> bytes:
    """Return one frame: event, compact JSON, empty line."""
    return b"event: %b\ndata: %b\n\n" % (event.encode(), compact_json(data))


def compact_json(value: Any) -> bytes:
    """Return compact UTF-8 JSON; text that is no valid Unicode is replaced, never refused."""
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


class DeltaFrames:
    """content_delta frames of one message: everything but text and number is made once."""

    def __init__(self, message_id: str, request_id: str) -> None:
        """Prepare what follows the text."""
        ids = compact_json({"message_id": message_id, "request_id": request_id})
        self._middle = b"," + ids[1:-1] + b',"seq":'

    def frame(self, seq: int, text: str) -> bytes:
        """Return the frame of one piece."""
        return b'event: content_delta\ndata: {"delta":%b%b%d}\n\n' % (
            compact_json(text),
            self._middle,
            seq,
        )
