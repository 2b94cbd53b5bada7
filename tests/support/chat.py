"""Chat requests against a FakeUpstream."""

from typing import Any

from services.chat.types import ChatRequest
from tests.support.upstream import FakeUpstream, jwt

ANONYMOUS = jwt({"sub": "user-1", "is_anonymous": True, "exp": 4102444800})
PERMANENT = jwt({"sub": "user-2", "is_anonymous": False, "exp": 4102444800})


def a_request(upstream: FakeUpstream, **changes: Any) -> ChatRequest:
    """A message to model-a by an anonymous user."""
    fields: dict[str, Any] = {
        "api_base": upstream.api_base,
        "access_token": ANONYMOUS,
        "model_key": "model-a",
        "text": "每日测试连通性和tools工具可用性",
        "request_id": "0123456789abcdef0123456789abcdef",
        "total_s": 5.0,
        **changes,
    }
    return ChatRequest(**fields)
