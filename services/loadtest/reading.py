"""Pure: read a plan as programs say it; every refusal names its field."""

from collections.abc import Mapping
from typing import Any, cast

from services.accounts.types import UserType
from services.foundation.errors import InputError
from services.foundation.inputs import plain_text, whole_number
from services.loadtest.thresholds import METRICS
from services.loadtest.types import LoadPlan, Stage, Threshold

USERS_MAX = 1_000
REQUESTS_MAX = 1_000_000
SECONDS_MAX = 3_600
RATE_MAX = 5_000
MODELS_MAX = 100
MESSAGE_MAX = 5_000
STAGES_MAX = 50
LOCUST_MAX = 100  # workers
_LOOPBACK = "127.0.0.1"
MS_MAX = 600_000
MESSAGE = "Say hello in one sentence."
_MODES = ("raw_passthrough", "xml_plaintext", "auto")
_KNOWN = frozenset(LoadPlan.__dataclass_fields__)
_LEVELS = ("ramp_s", "seconds", "rate")  # what stages say instead


def read_plan(values: Mapping[str, Any], cap: int) -> LoadPlan:
    """Return the plan; raise InputError that names the field."""
    unknown = sorted(values.keys() - _KNOWN)
    if unknown:
        raise InputError("Not known here: {name}", field=unknown[0][:40], name=unknown[0][:40])
    stages = _stages(values)
    users = _users(values, stages)
    rate = _number(values, "rate", 0.01, RATE_MAX)
    requests = _whole(values, "requests", REQUESTS_MAX)
    seconds = _number(values, "seconds", 1, SECONDS_MAX)
    if stages:
        seconds = sum(stage.seconds for stage in stages)
    if requests is None and seconds is None:
        requests = users
    _check_locust(values, has_rate=rate is not None or bool(stages))
    return LoadPlan(
        users=users,
        cap=_whole(values, "cap", USERS_MAX) or cap,
        requests=requests,
        seconds=seconds,
        rate=rate,
        ramp_s=_number(values, "ramp_s", 0, SECONDS_MAX) or 0.0,
        models=_models(values.get("models")),
        message=plain_text(values.get("message") or MESSAGE, "message", MESSAGE_MAX, needed=True),
        user_type=_user_type(values.get("user_type")),
        target_id=_whole(values, "target_id", 2_147_483_647),
        confirm=plain_text(values.get("confirm") or "", "confirm", 200),
        result_mode=_mode(values.get("result_mode")),
        sign_ins=_whole(values, "sign_ins", USERS_MAX),
        timeout_s=_number(values, "timeout_s", 1, 600) or 120.0,
        stop_error_share=_number(values, "stop_error_share", 0, 1),
        stop_errors=_whole(values, "stop_errors", REQUESTS_MAX),
        stop_p95_ttft_ms=_number(values, "stop_p95_ttft_ms", 1, MS_MAX),
        stages=stages,
        good_ttft_ms=_number(values, "good_ttft_ms", 1, MS_MAX),
        good_total_ms=_number(values, "good_total_ms", 1, MS_MAX),
        thresholds=_thresholds(values.get("thresholds")),
        worker=_choice(values.get("worker")),
        locust_workers=_whole(values, "locust_workers", LOCUST_MAX) or 0,
        locust_remote=_whole(values, "locust_remote", LOCUST_MAX) or 0,
        locust_bind=plain_text(values.get("locust_bind") or _LOOPBACK, "locust_bind", 100),
        locust_port=_whole(values, "locust_port", 65_535) or 0,
    )


def _check_locust(values: Mapping[str, Any], *, has_rate: bool) -> None:
    """Raise InputError for what Locust's users cannot do, or a port nobody could come to."""
    if not values.get("locust_workers") and not values.get("locust_remote"):
        return
    if has_rate:
        raise InputError(
            "Locust's users wait for their answers: give users, and calls or seconds",
            field="locust_workers",
        )
    if values.get("locust_remote") and not values.get("locust_port"):
        raise InputError(
            "Workers on other machines need to know the port: give locust_port",
            field="locust_port",
        )


def _stages(values: Mapping[str, Any]) -> tuple[Stage, ...]:
    """Return the stages; all of them say users, or all of them say a rate."""
    found = tuple(_stage(one) for one in _list(values.get("stages"), "stages", STAGES_MAX))
    if not found:
        return ()
    if any(values.get(name) is not None for name in _LEVELS):
        raise InputError("Stages say the time and the level themselves", field="stages")
    if len({stage.rate is None for stage in found}) > 1:
        raise InputError("Either all stages say users or all say a rate", field="stages")
    if sum(stage.seconds for stage in found) > SECONDS_MAX:
        raise InputError("At most {limit} seconds in all", field="stages", limit=SECONDS_MAX)
    if not any(stage.users or stage.rate for stage in found):
        raise InputError("Some stage must have a level above 0", field="stages")
    return found


def _stage(value: object) -> Stage:
    fields = _fields(value, ("seconds", "users", "rate"), "stages")
    seconds = _number(fields, "seconds", 0.1, SECONDS_MAX)
    if seconds is None or (fields.get("users") is None) == (fields.get("rate") is None):
        raise InputError("A stage has seconds, and users or a rate", field="stages")
    if fields.get("rate") is not None:
        return Stage(seconds, rate=_number(fields, "rate", 0, RATE_MAX))
    return Stage(seconds, users=whole_number(fields["users"], "users", 0, USERS_MAX))


def _users(values: Mapping[str, Any], stages: tuple[Stage, ...]) -> int:
    most = max((stage.users or 0 for stage in stages), default=0)
    wanted = values.get("users")
    if most and wanted is None:
        return most
    users = whole_number(wanted, "users", 1, USERS_MAX)
    if most > users:
        raise InputError("A stage has more than {users} users", field="stages", users=users)
    return users


def _thresholds(value: object) -> tuple[Threshold, ...]:
    found: list[Threshold] = []
    for one in _list(value, "thresholds", len(METRICS)):
        fields = _fields(one, ("metric", "limit"), "thresholds")
        metric = fields.get("metric")
        if metric not in METRICS:
            names = ", ".join(METRICS)
            raise InputError("Choose one of {names}", field="thresholds", names=names)
        limit = _number(fields, "limit", 0, METRICS[str(metric)].limit_max)
        if limit is None:
            raise InputError("A threshold has a metric and a limit", field="thresholds")
        found.append(Threshold(str(metric), limit))
    return tuple({threshold.metric: threshold for threshold in found}.values())


def _choice(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise InputError("Must be true or false", field="worker")
    return value


def _list(value: object, field: str, most: int) -> list[Any]:
    if value is None:
        return []
    items = cast("list[Any]", value if isinstance(value, list | tuple) else [])
    if not isinstance(value, list | tuple) or len(items) > most:
        raise InputError("Must be a list of at most {limit}", field=field, limit=most)
    return items


def _fields(value: object, known: tuple[str, ...], field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError("Must be an object", field=field)
    fields = cast("Mapping[str, Any]", value)
    if unknown := sorted(str(name) for name in fields.keys() - set(known)):
        raise InputError("Not known here: {name}", field=field, name=unknown[0][:40])
    return fields


def _whole(values: Mapping[str, Any], field: str, high: int) -> int | None:
    value = values.get(field)
    return None if value is None else whole_number(value, field, 1, high)


def _number(values: Mapping[str, Any], field: str, low: float, high: float) -> float | None:
    value = values.get(field)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # NaN fails here too
        raise InputError("Must be a number from {low} to {high}", field=field, low=low, high=high)
    return float(value)


def _models(value: Any) -> tuple[str, ...]:
    names = cast("list[Any]", value if isinstance(value, list | tuple) else [])
    if (value is not None and not isinstance(value, list | tuple)) or len(names) > MODELS_MAX:
        raise InputError(
            "Must be a list of at most {limit} model keys", field="models", limit=MODELS_MAX
        )
    return tuple(dict.fromkeys(plain_text(name, "models", 300, needed=True) for name in names))


def _user_type(value: Any) -> UserType:
    if value is None:
        return UserType.ANONYMOUS
    if value not in ("anonymous", "permanent"):
        raise InputError("Choose anonymous or registered", field="user_type")
    return UserType(value)


def _mode(value: Any) -> str:
    if value is None:
        return _MODES[0]
    if value not in _MODES:
        raise InputError("Choose one of {names}", field="result_mode", names=", ".join(_MODES))
    return str(value)
