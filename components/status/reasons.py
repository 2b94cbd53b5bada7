"""Reasons: the machine words of the contract as short sentences; unknown words stay as they are."""

import re
from collections.abc import Mapping

from components.words import tr, word

_SENTENCES: Mapping[str, str] = {
    # sign-in
    "missing_supabase_env": word("No sign-in service is configured"),
    "missing_user_credentials": word("No user is configured for the registered sign-in"),
    "anonymous_auth_failed": word("Anonymous sign-in failed"),
    "permanent_auth_failed": word("Registered sign-in failed"),
    "supabase_sign_in_failed": word("Sign-in with password was refused"),
    "supabase_admin_create_user_failed": word("The test user could not be created"),
    "supabase_login_missing_access_token": word("The sign-in answer held no token"),
    "not_anonymous": word("The token says the user is not anonymous"),
    # the token at the gateway
    "unauthorized": word("The gateway took the call for one without a token"),
    "invalid_token": word("The gateway did not accept the token"),
    "token_expired": word("The token had expired for the gateway"),
    "token_not_yet_valid": word(
        "For the gateway the token is from the future: its clock and that of the sign-in service"
        " differ. Set both by the network"
    ),
    "iat_too_future": word(
        "For the gateway the token is from the future: its clock and that of the sign-in service"
        " differ. Set both by the network"
    ),
    "jwks_key_not_found": word(
        "The gateway has no key for this token: its key set is out of reach, being rotated, or of"
        " another project"
    ),
    "hmac_key_not_found": word("The gateway has no shared secret for this token"),
    "issuer_not_allowed": word("The gateway does not accept tokens of this sign-in service"),
    "invalid_issuer": word("The gateway does not accept tokens of this sign-in service"),
    "invalid_audience": word("The token is made for another audience than the gateway's"),
    # gateway and catalogue
    "no_mapped_models": word("No model is mapped"),
    "model_not_allowed": word("The model key is not mapped"),
    "no_active_ai_endpoint": word("No provider endpoint is active"),
    "endpoint_api_key_missing": word("The endpoint has no API key"),
    "resolved_model_missing": word("The mapping leads to no model"),
    "endpoint_not_found_or_inactive": word("The endpoint is missing or switched off"),
    "model_not_supported_by_endpoint": word("The endpoint does not offer this model"),
    "no_endpoint_for_mapped_model": word("No endpoint offers the mapped model"),
    "messages_response_missing_ids": word("The answer to POST held no ids"),
    "internal_error": word("Internal error of the gateway"),
    "server_restarted": word("The gateway was restarted meanwhile"),
    # provider
    "upstream_error": word("The provider reported an error"),
    "upstream_invalid_response": word("The provider's answer was not understood"),
    "upstream_empty_choices": word("The provider's answer was empty"),
    "upstream_empty_content": word("The provider sent no text"),
    "upstream_timeout": word("The provider did not answer in time"),
    "upstream_unreachable": word("The provider could not be reached"),
    "tool_calls_not_supported": word("The model called a tool"),
    "function_call_not_supported": word("The model called a function"),
    # stream
    "sse_stream_incomplete": word("The stream ended without a final event"),
    "sse_stream_closed_without_terminal_event": word("The stream ended without a final event"),
    "sse_max_events_exceeded": word("The stream held too many events"),
    "deadline_exceeded": word("Not finished within the time limit"),
    "connection_lost": word("The connection was lost"),
    "unreachable": word("The service could not be reached"),
    "launch_deadline": word("The launch ran out of time before its turn"),
    # quota
    "model_daily_quota_exceeded": word("The daily quota of this model is used up"),
    "rate_limit_exceeded": word("Too many requests"),
    # structure
    "empty_reply": word("The reply is empty"),
    "parsing_error_marker": word("The reply is only the parsing-error marker"),
    "invalid_thinking_block_count": word("There must be exactly one <thinking> block"),
    "invalid_final_block_count": word("There must be exactly one <final> block"),
    "invalid_serp_block_count": word("More than one <serp> block"),
    "invalid_think_block_count": word("More than one <think> block"),
    "invalid_thinking_order": word("</thinking> stands before <thinking>"),
    "invalid_final_order": word("</final> stands before <final>"),
    "invalid_sequence_serp_thinking": word("<serp> must stand before <thinking>"),
    "invalid_sequence_thinking_final": word("<final> must follow <thinking>"),
    "final_not_immediately_after_thinking": word("Text between </thinking> and <final>"),
    "missing_thinking_content": word("The thinking block is empty"),
    "missing_phase": word("No <phase id> in the thinking block"),
    "phase_id_not_start_from_1": word("The first phase is not number 1"),
    "phase_id_not_strict_increment": word("Phase numbers do not count up by one"),
    "phase_block_mismatch": word("A phase is not closed"),
    "invalid_title_count_in_phase": word("Each phase needs exactly one title"),
    "missing_final_content": word("The final block is empty"),
    "missing_or_invalid_serp_queries_block": word(
        "The search-query comment is missing or malformed"
    ),
    "serp_queries_json_parse_error": word("The search queries are not JSON"),
    "serp_queries_not_array": word("The search queries are not a list"),
    "serp_queries_too_many": word("More than five search queries"),
    "serp_queries_not_deduped": word("A search query stands twice"),
    "serp_queries_item_not_string": word("A search query is not text"),
    "serp_queries_item_too_long": word("A search query is over 80 characters"),
}
_TEMPLATES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"upstream_http_(\d{3})$"), word("HTTP {detail} from the provider")),
    (re.compile(r"sse_connect_failed:(\d+)$"), word("The event stream answered HTTP {detail}")),
    (
        re.compile(r"fetch_models_failed: HTTP (\d+)$"),
        word("The model list answered HTTP {detail}"),
    ),
    (
        re.compile(r"messages_create_failed: HTTP (\d+)$"),
        word("The message was refused with HTTP {detail}"),
    ),
    (re.compile(r"unexpected_tag:(.+)$"), word("Tag <{detail}> is not allowed")),
)
_STRUCTURE = re.compile(r"(?:thinkingml|jsonseq):(.+)$", re.DOTALL)
_DETAIL = re.compile(r"(upstream_http_\d{3}|[a-z_]+):(.*)$", re.DOTALL)


def reason_text(error: str) -> str:
    """Return why in the page's language; the server's own words follow after a colon."""
    structure = _STRUCTURE.match(error)
    plain = structure.group(1) if structure else error
    known = _sentence(plain)
    if known:
        return known
    detail = _DETAIL.match(plain)
    if detail and (known := _sentence(detail.group(1))):
        return f"{known}: {detail.group(2).strip()}"
    return plain


def short_reason(error: str) -> str:
    """Return the reason without the server's own words, for one line."""
    structure = _STRUCTURE.match(error)
    plain = structure.group(1) if structure else error
    status = re.match(r"(?:upstream_http_|sse_connect_failed:|.*: HTTP )(\d{3})", plain)
    if status:
        return f"HTTP {status.group(1)}"
    detail = _DETAIL.match(plain)
    known = _sentence(plain) or (_sentence(detail.group(1)) if detail else "")
    return known or plain


def _sentence(plain: str) -> str:
    if plain in _SENTENCES:
        return tr(_SENTENCES[plain])
    for pattern, template in _TEMPLATES:
        if match := pattern.match(plain):
            return tr(template, detail=match.group(1))
    return ""
