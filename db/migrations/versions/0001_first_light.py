"""First light."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_access_accounts_name")),
    )
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_tokens_token_hash")),
    )
    op.create_table(
        "account_users",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("banned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("app_metadata", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("user_metadata", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_users")),
        sa.UniqueConstraint("email", name=op.f("uq_account_users_email")),
    )
    with op.batch_alter_table("account_users", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_account_users_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "agents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("model_key", sa.String(length=300), nullable=False),
        sa.Column("prompt_id", sa.Integer(), nullable=True),
        sa.Column("prompt_version_no", sa.Integer(), nullable=True),
        sa.Column("temperature", sa.Float(), nullable=True),
        sa.Column("max_tokens", sa.Integer(), nullable=True),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("uses_tools", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("name", name=op.f("uq_agents_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ai_endpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supabase_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("base_url", sa.String(length=500), nullable=False),
        sa.Column("provider_protocol", sa.String(length=20), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("api_key", sa.String(length=500), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("timeout", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("allows_local", sa.Boolean(), nullable=False),
        sa.Column("model_list", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("last_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("sync_status", sa.String(length=40), nullable=False),
        sa.Column("last_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_endpoints", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_endpoints")),
        sa.UniqueConstraint("supabase_id", name=op.f("uq_ai_endpoints_supabase_id")),
    )
    with op.batch_alter_table("ai_endpoints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ai_endpoints_name"), ["name"], unique=False)
        batch_op.create_index(
            "uq_ai_endpoints_default",
            ["is_default"],
            unique=True,
            sqlite_where=sa.text("is_default = 1"),
            postgresql_where=sa.text("is_default"),
        )

    op.create_table(
        "ai_model_daily_usage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("model_key", sa.String(length=100), nullable=False),
        sa.Column("usage_date", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_model_daily_usage")),
        sa.UniqueConstraint(
            "user_id",
            "model_key",
            "usage_date",
            name=op.f("uq_ai_model_daily_usage_user_id_model_key_usage_date"),
        ),
    )
    op.create_table(
        "ai_prompt_tests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prompt_id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("request_message", sa.Text(), nullable=False),
        sa.Column("response_message", sa.Text(), nullable=True),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("user_no", sa.Integer(), nullable=False),
        sa.Column("sample_class", sa.String(length=20), nullable=False),
        sa.Column("at_ms", sa.Float(), nullable=False),
        sa.Column("late_ms", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=False),
        sa.Column("accepted_ms", sa.Float(), nullable=True),
        sa.Column("first_event_ms", sa.Float(), nullable=True),
        sa.Column("ttft_ms", sa.Float(), nullable=True),
        sa.Column("total_ms", sa.Float(), nullable=False),
        sa.Column("gap_p95_ms", sa.Float(), nullable=True),
        sa.Column("gap_max_ms", sa.Float(), nullable=True),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("dialog_id", sa.String(length=40), nullable=True),
        sa.Column("after_id", sa.String(length=40), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("conversation_id", sa.String(length=200), nullable=True),
        sa.Column("identity", sa.String(length=20), nullable=True),
        sa.Column("user_id", sa.String(length=200), nullable=True),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("target", sa.String(length=500), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("cause", sa.String(length=20), nullable=True),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("verdicts", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("events", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_prompt_tests")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("ai_prompt_tests", schema=None) as batch_op:
        batch_op.create_index("ix_ai_prompt_tests_run", ["run_no", "no"], unique=True)
        batch_op.create_index(
            "uq_ai_prompt_tests_dialog",
            ["dialog_id"],
            unique=True,
            sqlite_where=sa.text("dialog_id IS NOT NULL"),
            postgresql_where=sa.text("dialog_id IS NOT NULL"),
        )

    op.create_table(
        "ai_prompts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supabase_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=50), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("newest_no", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tools_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("prompt_type", sa.String(length=30), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("live_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_prompts")),
        sa.UniqueConstraint("supabase_id", name=op.f("uq_ai_prompts_supabase_id")),
    )
    with op.batch_alter_table("ai_prompts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ai_prompts_name"), ["name"], unique=False)
        batch_op.create_index(
            "uq_ai_prompts_active",
            ["prompt_type"],
            unique=True,
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )

    op.create_table(
        "ai_request_minutes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("minute_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_type", sa.String(length=20), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("endpoint_key", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("success_count", sa.Integer(), nullable=False),
        sa.Column("error_count", sa.Integer(), nullable=False),
        sa.Column(
            "total_latency_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "prompt_tokens", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "completion_tokens",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "total_tokens", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_request_minutes")),
        sa.UniqueConstraint(
            "minute_at",
            "user_id",
            "endpoint_key",
            "model",
            name=op.f("uq_ai_request_minutes_minute_at_user_id_endpoint_key_model"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ai_request_stats",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=True),
        sa.Column("endpoint_key", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("request_date", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column(
            "total_latency_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("success_count", sa.Integer(), nullable=False),
        sa.Column("error_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_request_stats")),
        sa.UniqueConstraint(
            "user_id",
            "endpoint_key",
            "model",
            "request_date",
            name=op.f("uq_ai_request_stats_user_id_endpoint_key_model_request_date"),
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("ai_request_stats", schema=None) as batch_op:
        batch_op.create_index("ix_ai_request_stats_date", ["request_date"], unique=False)

    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=320), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("before_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("group_id", sa.String(length=40), nullable=False),
        sa.Column("undone_by", sa.String(length=200), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_log_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_log_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_log_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "blocked_models",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_blocked_models")),
    )
    op.create_table(
        "change_marks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_marks")),
    )
    with op.batch_alter_table("change_marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_marks_at"), ["at"], unique=False)

    op.create_table(
        "console_uptime",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("boot_id", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_uptime")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("console_uptime", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_console_uptime_last_seen_at"), ["last_seen_at"], unique=False
        )

    op.create_table(
        "conversation_logs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("request_payload", sa.Text(), nullable=False),
        sa.Column("response_payload", sa.Text(), nullable=False),
        sa.Column("request_detail_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("response_detail_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("model_used", sa.String(length=300), nullable=False),
        sa.Column("latency_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_logs")),
    )
    with op.batch_alter_table("conversation_logs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_conversation_logs_conversation", ["conversation_id"], unique=False
        )
        batch_op.create_index("ix_conversation_logs_created", ["created_at"], unique=False)
        batch_op.create_index("ix_conversation_logs_message", ["message_id"], unique=False)
        batch_op.create_index("ix_conversation_logs_request", ["request_id"], unique=False)

    op.create_table(
        "dashboard_config",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("config_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_config")),
    )
    op.create_table(
        "dashboard_stats",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stat_date", sa.Date(), nullable=False),
        sa.Column("daily_active_users", sa.Integer(), nullable=False),
        sa.Column("ai_request_count", sa.Integer(), nullable=False),
        sa.Column(
            "token_usage", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("api_connectivity_rate", sa.Float(), nullable=False),
        sa.Column("jwt_availability_rate", sa.Float(), nullable=False),
        sa.Column("connectivity_looks", sa.Integer(), nullable=False),
        sa.Column("jwt_looks", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_stats")),
        sa.UniqueConstraint("stat_date", name=op.f("uq_dashboard_stats_stat_date")),
    )
    op.create_table(
        "e2e_launches",
        sa.Column(
            "launch_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("launch_id", sa.String(length=32), nullable=False),
        sa.Column("execution_id", sa.String(length=40), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=500), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("is_partial", sa.Boolean(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_summary", sa.String(length=200), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("p50_ms", sa.Integer(), nullable=True),
        sa.Column("p95_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("launch_no", name=op.f("pk_e2e_launches")),
        sa.UniqueConstraint("launch_id", name=op.f("uq_e2e_launches_launch_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("e2e_launches", schema=None) as batch_op:
        batch_op.create_index("ix_e2e_launches_slot", ["slot_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_e2e_launches_status"), ["status"], unique=False)
        batch_op.create_index("ix_e2e_launches_target", ["target_id", "launch_no"], unique=False)
        batch_op.create_index(
            "ix_e2e_launches_target_time", ["target_id", "started_at"], unique=False
        )

    op.create_table(
        "e2e_mapped_model_results",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "launch_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("user_type", sa.String(length=20), nullable=False),
        sa.Column("model_key", sa.String(length=300), nullable=False),
        sa.Column("status_code", sa.String(length=1), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("thinkingml_ok", sa.Boolean(), nullable=True),
        sa.Column("thinkingml_reason", sa.String(length=200), nullable=False),
        sa.Column("signin_ms", sa.Integer(), nullable=True),
        sa.Column("accepted_ms", sa.Integer(), nullable=True),
        sa.Column("first_event_ms", sa.Integer(), nullable=True),
        sa.Column("ttft_ms", sa.Integer(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("reply_len", sa.Integer(), nullable=False),
        sa.Column("result_mode_effective", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=100), nullable=False),
        sa.Column("resolved_model", sa.String(length=300), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=True),
        sa.Column("repaired", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.String(length=200), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("conversation_id", sa.String(length=200), nullable=False),
        sa.Column("upstream_status", sa.Integer(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("details_json", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_e2e_mapped_model_results")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("e2e_mapped_model_results", schema=None) as batch_op:
        batch_op.create_index(
            "ix_e2e_results_history",
            ["target_id", "model_key", "user_type", "launch_no", "status_code"],
            unique=False,
        )
        batch_op.create_index(
            "ix_e2e_results_matrix",
            ["launch_no", "model_key", "user_type", "status_code", "latency_ms"],
            unique=False,
        )

    op.create_table(
        "e2e_mapped_model_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("user_type", sa.String(length=20), nullable=False),
        sa.Column("auth_mode", sa.String(length=20), nullable=False),
        sa.Column("prompt_text", sa.Text(), nullable=False),
        sa.Column("prompt_mode", sa.String(length=20), nullable=False),
        sa.Column("result_mode", sa.String(length=20), nullable=False),
        sa.Column("models_total", sa.Integer(), nullable=False),
        sa.Column("models_success", sa.Integer(), nullable=False),
        sa.Column("models_failed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("error_summary", sa.String(length=200), nullable=False),
        sa.Column("results_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("launch_id", sa.String(length=32), nullable=False),
        sa.Column(
            "launch_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("is_anonymous", sa.Boolean(), nullable=True),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_e2e_mapped_model_runs")),
        sa.UniqueConstraint("run_id", name=op.f("uq_e2e_mapped_model_runs_run_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("e2e_mapped_model_runs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_e2e_mapped_model_runs_launch_no"), ["launch_no"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_e2e_mapped_model_runs_status"), ["status"], unique=False
        )
        batch_op.create_index("ix_e2e_runs_created", ["created_at"], unique=False)
        batch_op.create_index(
            "ix_e2e_runs_target", ["target_id", "user_type", "launch_no"], unique=False
        )

    op.create_table(
        "e2e_replies",
        sa.Column(
            "cell_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("cell_id", name=op.f("pk_e2e_replies")),
    )
    op.create_table(
        "execution_events",
        sa.Column(
            "execution_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "seq", name=op.f("pk_execution_events")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "executions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("execution_id", sa.String(length=40), nullable=False),
        sa.Column("execution_type", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), server_default="", nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("again_of", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.Column("workflow_id", sa.Integer(), nullable=True),
        sa.Column("error_kind", sa.String(length=100), nullable=False),
        sa.Column("error_message", sa.String(length=2000), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("timeout_s", sa.Float(), nullable=True),
        sa.Column("boot_id", sa.String(length=40), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "output_size",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
        sa.Column("meta", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("test_input", sa.String(length=5000), nullable=False),
        sa.Column("test_output", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executions")),
        sa.UniqueConstraint("execution_id", name=op.f("uq_executions_execution_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("executions", schema=None) as batch_op:
        batch_op.create_index("ix_executions_agent", ["agent_id", "status", "id"], unique=False)
        batch_op.create_index("ix_executions_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_executions_parent", ["parent_id", "id"], unique=False)
        batch_op.create_index("ix_executions_seq", ["seq"], unique=False)
        batch_op.create_index("ix_executions_status", ["status", "id"], unique=False)
        batch_op.create_index(
            "ix_executions_type", ["execution_type", "status", "id"], unique=False
        )
        batch_op.create_index(
            "ix_executions_workflow", ["workflow_id", "status", "id"], unique=False
        )

    op.create_table(
        "gateway_messages",
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=36), nullable=False),
        sa.Column("request_id", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("model_key", sa.String(length=300), nullable=False),
        sa.Column("result_mode", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("terminal_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_gateway_messages")),
    )
    with op.batch_alter_table("gateway_messages", schema=None) as batch_op:
        batch_op.create_index("ix_gateway_messages_created", ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_gateway_messages_state"), ["state"], unique=False)

    op.create_table(
        "import_rows",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("row_key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("local_key", sa.String(length=320), nullable=False),
        sa.Column("counted", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "table_name", "row_key", name=op.f("pk_import_rows")),
    )
    op.create_table(
        "journal_marks",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_marks")),
    )
    op.create_table(
        "llm_app_settings",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_llm_app_settings")),
    )
    op.create_table(
        "llm_model_mappings",
        sa.Column("id", sa.String(length=300), nullable=False),
        sa.Column("scope_type", sa.String(length=20), nullable=False),
        sa.Column("scope_key", sa.String(length=270), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("default_model", sa.String(length=300), nullable=False),
        sa.Column("candidates_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("metadata_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_model_mappings")),
    )
    op.create_table(
        "llm_test_users",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("username", sa.String(length=100), nullable=True),
        sa.Column("supabase_user_id", sa.String(length=100), nullable=True),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("refresh_token", sa.String(), nullable=True),
        sa.Column("meta_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_test_users")),
        sa.UniqueConstraint("email", name=op.f("uq_llm_test_users_email")),
    )
    with op.batch_alter_table("llm_test_users", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_llm_test_users_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_llm_test_users_label"), ["label"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_llm_test_users_supabase_user_id"), ["supabase_user_id"], unique=False
        )

    op.create_table(
        "load_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(length=500), nullable=False),
        sa.Column("plan", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrangement", sa.String(length=20), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("timeline", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_runs")),
        sa.UniqueConstraint("run_id", name=op.f("uq_load_runs_run_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("load_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_load_runs_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_load_runs_status"), ["status"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("title", sa.String(length=320), nullable=False),
        sa.Column("op", sa.String(length=10), nullable=False),
        sa.Column("payload_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_outbox_kind_key")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_state_id", ["state", "id"], unique=False)

    op.create_table(
        "schedule_slots",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.String(length=40), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("execution_id", sa.String(length=40), nullable=False),
        sa.Column("claimed_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_slots")),
        sa.UniqueConstraint(
            "schedule_id", "slot_at", name=op.f("uq_schedule_slots_schedule_id_slot_at")
        ),
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("zone", sa.String(length=100), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("anchor_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
    )
    op.create_table(
        "sync_links",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("local_key", sa.String(length=320), nullable=False),
        sa.Column("remote_key", sa.String(length=320), nullable=False),
        sa.Column("base_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "local_key", name=op.f("pk_sync_links")),
    )
    with op.batch_alter_table("sync_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sync_links_remote_key"), ["remote_key"], unique=False)

    op.create_table(
        "sync_staging",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("remote_key", sa.String(length=320), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("row_json", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "remote_key", name=op.f("pk_sync_staging")),
    )
    op.create_table(
        "targets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("api_base", sa.String(length=500), nullable=False),
        sa.Column("auth_url", sa.String(length=500), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("is_production", sa.Boolean(), nullable=False),
        sa.Column("user_email", sa.String(length=254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
    )
    op.create_table(
        "usage_rollups",
        sa.Column("grain", sa.String(length=6), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("success_count", sa.Integer(), nullable=False),
        sa.Column(
            "total_latency_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "prompt_tokens", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "completion_tokens",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column(
            "total_tokens", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("reported_count", sa.Integer(), nullable=False),
        sa.Column("latency_json", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "grain", "model", "start_at", "origin", name=op.f("pk_usage_rollups")
        ),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("usage_rollups", schema=None) as batch_op:
        batch_op.create_index("ix_usage_rollups_grain_start", ["grain", "start_at"], unique=False)

    op.create_table(
        "user_activity_stats",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("user_type", sa.String(length=20), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("activity_date", sa.Date(), nullable=False),
        sa.Column("request_count", sa.Integer(), nullable=False),
        sa.Column(
            "quarters_am", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "quarters_pm", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("first_request_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_request_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_activity_stats")),
        sa.UniqueConstraint(
            "user_id", "activity_date", name=op.f("uq_user_activity_stats_user_id_activity_date")
        ),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("user_activity_stats", schema=None) as batch_op:
        batch_op.create_index("ix_user_activity_stats_last", ["last_request_at"], unique=False)
        batch_op.create_index(
            "ix_user_activity_stats_origin", ["origin", "activity_date"], unique=False
        )

    op.create_table(
        "user_last_seen",
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.String(length=200), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("model", "origin", "user_id", name=op.f("pk_user_last_seen")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("user_last_seen", schema=None) as batch_op:
        batch_op.create_index(
            "ix_user_last_seen_when", ["model", "origin", "last_at"], unique=False
        )

    op.create_table(
        "workflows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("steps", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflows")),
        sa.UniqueConstraint("name", name=op.f("uq_workflows_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "access_sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["access_accounts.id"],
            name=op.f("fk_access_sessions_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_sessions")),
    )
    with op.batch_alter_table("access_sessions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_access_sessions_account_id"), ["account_id"], unique=False
        )

    op.create_table(
        "account_sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("refresh_count", sa.Integer(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["account_users.id"],
            name=op.f("fk_account_sessions_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_sessions")),
    )
    with op.batch_alter_table("account_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "prompt_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prompt_id", sa.Integer(), nullable=False),
        sa.Column("version_no", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tools_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("prompt_type", sa.String(length=30), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("parent_no", sa.Integer(), nullable=True),
        sa.Column("restored_from", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"],
            ["ai_prompts.id"],
            name=op.f("fk_prompt_versions_prompt_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_versions")),
        sa.UniqueConstraint(
            "prompt_id", "version_no", name=op.f("uq_prompt_versions_prompt_id_version_no")
        ),
    )
    with op.batch_alter_table("prompt_versions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_prompt_versions_prompt_id"), ["prompt_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("prompt_versions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_prompt_versions_prompt_id"))

    op.drop_table("prompt_versions")
    with op.batch_alter_table("account_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_sessions_user_id"))

    op.drop_table("account_sessions")
    with op.batch_alter_table("access_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_sessions_account_id"))

    op.drop_table("access_sessions")
    op.drop_table("workflows")
    with op.batch_alter_table("user_last_seen", schema=None) as batch_op:
        batch_op.drop_index("ix_user_last_seen_when")

    op.drop_table("user_last_seen")
    with op.batch_alter_table("user_activity_stats", schema=None) as batch_op:
        batch_op.drop_index("ix_user_activity_stats_origin")
        batch_op.drop_index("ix_user_activity_stats_last")

    op.drop_table("user_activity_stats")
    with op.batch_alter_table("usage_rollups", schema=None) as batch_op:
        batch_op.drop_index("ix_usage_rollups_grain_start")

    op.drop_table("usage_rollups")
    op.drop_table("targets")
    op.drop_table("sync_staging")
    with op.batch_alter_table("sync_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sync_links_remote_key"))

    op.drop_table("sync_links")
    op.drop_table("schedules")
    op.drop_table("schedule_slots")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_state_id")

    op.drop_table("outbox")
    with op.batch_alter_table("load_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_load_runs_status"))
        batch_op.drop_index(batch_op.f("ix_load_runs_parent_id"))

    op.drop_table("load_runs")
    with op.batch_alter_table("llm_test_users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_llm_test_users_supabase_user_id"))
        batch_op.drop_index(batch_op.f("ix_llm_test_users_label"))
        batch_op.drop_index(batch_op.f("ix_llm_test_users_kind"))

    op.drop_table("llm_test_users")
    op.drop_table("llm_model_mappings")
    op.drop_table("llm_app_settings")
    op.drop_table("journal_marks")
    op.drop_table("import_rows")
    with op.batch_alter_table("gateway_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gateway_messages_state"))
        batch_op.drop_index("ix_gateway_messages_created")

    op.drop_table("gateway_messages")
    with op.batch_alter_table("executions", schema=None) as batch_op:
        batch_op.drop_index("ix_executions_workflow")
        batch_op.drop_index("ix_executions_type")
        batch_op.drop_index("ix_executions_status")
        batch_op.drop_index("ix_executions_seq")
        batch_op.drop_index("ix_executions_parent")
        batch_op.drop_index("ix_executions_created")
        batch_op.drop_index("ix_executions_agent")

    op.drop_table("executions")
    op.drop_table("execution_events")
    op.drop_table("e2e_replies")
    with op.batch_alter_table("e2e_mapped_model_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_e2e_runs_target")
        batch_op.drop_index("ix_e2e_runs_created")
        batch_op.drop_index(batch_op.f("ix_e2e_mapped_model_runs_status"))
        batch_op.drop_index(batch_op.f("ix_e2e_mapped_model_runs_launch_no"))

    op.drop_table("e2e_mapped_model_runs")
    with op.batch_alter_table("e2e_mapped_model_results", schema=None) as batch_op:
        batch_op.drop_index("ix_e2e_results_matrix")
        batch_op.drop_index("ix_e2e_results_history")

    op.drop_table("e2e_mapped_model_results")
    with op.batch_alter_table("e2e_launches", schema=None) as batch_op:
        batch_op.drop_index("ix_e2e_launches_target_time")
        batch_op.drop_index("ix_e2e_launches_target")
        batch_op.drop_index(batch_op.f("ix_e2e_launches_status"))
        batch_op.drop_index("ix_e2e_launches_slot")

    op.drop_table("e2e_launches")
    op.drop_table("dashboard_stats")
    op.drop_table("dashboard_config")
    with op.batch_alter_table("conversation_logs", schema=None) as batch_op:
        batch_op.drop_index("ix_conversation_logs_request")
        batch_op.drop_index("ix_conversation_logs_message")
        batch_op.drop_index("ix_conversation_logs_created")
        batch_op.drop_index("ix_conversation_logs_conversation")

    op.drop_table("conversation_logs")
    with op.batch_alter_table("console_uptime", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_console_uptime_last_seen_at"))

    op.drop_table("console_uptime")
    with op.batch_alter_table("change_marks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_change_marks_at"))

    op.drop_table("change_marks")
    op.drop_table("blocked_models")
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_log_subject_id"))
        batch_op.drop_index(batch_op.f("ix_audit_log_kind"))
        batch_op.drop_index(batch_op.f("ix_audit_log_at"))

    op.drop_table("audit_log")
    with op.batch_alter_table("ai_request_stats", schema=None) as batch_op:
        batch_op.drop_index("ix_ai_request_stats_date")

    op.drop_table("ai_request_stats")
    op.drop_table("ai_request_minutes")
    with op.batch_alter_table("ai_prompts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ai_prompts_active",
            sqlite_where=sa.text("is_active = 1"),
            postgresql_where=sa.text("is_active"),
        )
        batch_op.drop_index(batch_op.f("ix_ai_prompts_name"))

    op.drop_table("ai_prompts")
    with op.batch_alter_table("ai_prompt_tests", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ai_prompt_tests_dialog",
            sqlite_where=sa.text("dialog_id IS NOT NULL"),
            postgresql_where=sa.text("dialog_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_ai_prompt_tests_run")

    op.drop_table("ai_prompt_tests")
    op.drop_table("ai_model_daily_usage")
    with op.batch_alter_table("ai_endpoints", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ai_endpoints_default",
            sqlite_where=sa.text("is_default = 1"),
            postgresql_where=sa.text("is_default"),
        )
        batch_op.drop_index(batch_op.f("ix_ai_endpoints_name"))

    op.drop_table("ai_endpoints")
    op.drop_table("agents")
    with op.batch_alter_table("account_users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_users_created_at"))

    op.drop_table("account_users")
    op.drop_table("access_tokens")
    op.drop_table("access_accounts")
