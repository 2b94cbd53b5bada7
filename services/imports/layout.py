"""Pure: the tables of an original database (contract 16), and which of their cells are secrets."""

import re
from collections.abc import Mapping

BLOCKED = "blocked_models"  # a file beside the database, not a table of it
SECRETS: Mapping[str, tuple[str, ...]] = {
    "ai_endpoints": ("api_key",),
    "llm_test_users": ("password", "refresh_token"),
}
MIXED: Mapping[str, str] = {  # columns of JSON that hold keys beside other settings
    "llm_app_settings": "value_json",
    "dashboard_config": "config_json",
}
_SECRET_NAME = re.compile(
    r"(?i)api_?key|service_?(role_?)?key|anon_?key|secret|password|access_?token|refresh_?token|private_?key"
)
COLUMNS: Mapping[str, frozenset[str]] = {
    table: frozenset(columns.split())
    for table, columns in {
        "ai_endpoints": "id supabase_id name base_url provider_protocol model api_key description timeout"
        " is_active is_default model_list status latency_ms last_checked_at last_error sync_status"
        " last_synced_at resolved_endpoints created_at updated_at",
        "ai_prompts": "id supabase_id name content version category description tools_json prompt_type"
        " is_active created_at updated_at last_synced_at",
        "llm_model_mappings": "id scope_type scope_key name default_model candidates_json is_active"
        " updated_at metadata_json created_at",
        "llm_app_settings": "key value_json created_at updated_at",
        "dashboard_config": "id config_json created_at updated_at",
        "llm_test_users": "id kind label email username supabase_user_id password refresh_token"
        " meta_json last_used_at last_refreshed_at created_at",
        "e2e_mapped_model_runs": "id run_id user_type auth_mode prompt_text prompt_mode result_mode"
        " models_total models_success models_failed started_at finished_at duration_ms status"
        " error_summary results_json created_at",
        "ai_prompt_tests": "id prompt_id endpoint_id model request_message response_message success"
        " latency_ms error created_at",
        "user_activity_stats": "id user_id user_type activity_date request_count first_request_at"
        " last_request_at created_at",
        "ai_request_stats": "id user_id endpoint_id model request_date count total_latency_ms"
        " success_count error_count created_at updated_at",
        "ai_model_daily_usage": "id user_id model_key usage_date count created_at updated_at",
        "dashboard_stats": "id stat_date daily_active_users ai_request_count token_usage"
        " api_connectivity_rate jwt_availability_rate created_at updated_at",
        "conversation_logs": "id user_id message_id conversation_id request_id kind request_payload"
        " response_payload request_detail_json response_detail_json model_used latency_ms status"
        " error_message created_at",
    }.items()
}
NEVER = (
    "local_users",
    "request_raw_logs",
    "user_entitlement_tier_presets",
    "app_user_admin_settings",
    "exercise_library_snapshots",
)


def is_secret_name(name: str) -> bool:
    """Return whether a setting of that name holds a secret; how it is shown or where from is none."""
    return _SECRET_NAME.search(name) is not None and not name.endswith(("_masked", "_source"))
