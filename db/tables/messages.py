"""Messages of the gateway with their terminal events, and the conversation log."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from db.columns import BigId, Json, UtcDateTime


class GatewayMessageRow(SQLModel, table=True):
    """One accepted message; its last event is kept, so that it can be told again after a restart."""

    __tablename__ = "gateway_messages"
    __table_args__ = (Index("ix_gateway_messages_created", "created_at"),)
    message_id: str = Field(primary_key=True, max_length=32)
    conversation_id: str = Field(max_length=36)
    request_id: str = Field(max_length=200)
    user_id: str = Field(max_length=200)
    model_key: str = Field(max_length=300)
    result_mode: str = Field(max_length=20)
    state: str = Field(max_length=12, index=True)  # running, completed or error
    terminal_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)


class ConversationLogRow(SQLModel, table=True):
    """What was asked and answered, kept for the retention time when save_history says so."""

    __tablename__ = "conversation_logs"
    __table_args__ = (
        Index("ix_conversation_logs_message", "message_id"),
        Index("ix_conversation_logs_conversation", "conversation_id"),
        Index("ix_conversation_logs_request", "request_id"),
        Index("ix_conversation_logs_created", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    user_id: str = Field(max_length=200)
    message_id: str = Field(max_length=32)
    conversation_id: str = Field(max_length=36)
    request_id: str = Field(max_length=200)
    kind: str = Field(default="summary", max_length=10)  # summary or trace
    request_payload: str = Field(default="", sa_type=Text)
    response_payload: str = Field(default="", sa_type=Text)
    request_detail_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    response_detail_json: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    model_used: str = Field(default="", max_length=300)
    latency_ms: int = 0
    status: str = Field(default="", max_length=12)  # completed or error
    error_message: str | None = Field(default=None, sa_type=Text, nullable=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
