"""What a launch asks and costs."""

from datetime import UTC, datetime

import pytest

from services.accounts.types import UserType
from services.e2e import plan
from services.e2e.plan import Past
from services.e2e.types import Forecast, LaunchRequest
from services.foundation.errors import InputError

BOTH = (UserType.ANONYMOUS, UserType.PERMANENT)


def test_a_request_survives_being_an_executions_parameters() -> None:
    request = LaunchRequest(
        trigger="schedule",
        models=("a", "b"),
        user_types=(UserType.PERMANENT,),
        slot_at=datetime(2026, 3, 2, 5, tzinfo=UTC),
        target_id=4,
    )
    assert plan.from_params(plan.to_params(request), ("anonymous",)) == request
    assert plan.from_params({}, ("permanent",)).user_types == (UserType.PERMANENT,)


@pytest.mark.parametrize("value", [["a", 1], [""], ["x" * 301], "abc", {"a": 1}, ["a"] * 1001])
def test_model_lists_that_are_none_are_refused_at_the_field(value: object) -> None:
    with pytest.raises(InputError) as refused:
        plan.read_models(value)
    assert refused.value.field == "models"


def test_models_are_asked_once_each_in_the_order_given() -> None:
    assert plan.read_models(["b", "a", " b "]) == ("b", "a")


@pytest.mark.parametrize("value", [[], ["somebody"], "x", 3])
def test_unknown_user_types_are_refused_at_the_field(value: object) -> None:
    with pytest.raises(InputError) as refused:
        plan.read_user_types(value)
    assert refused.value.field == "user_types"


def test_anonymous_is_always_first() -> None:
    assert plan.read_user_types(["permanent", "anonymous"]) == BOTH
    assert plan.read_user_types("permanent") == (UserType.PERMANENT,)


@pytest.mark.parametrize(
    ("request_", "configured", "partial"),
    [
        (LaunchRequest(), ("anonymous", "permanent"), False),
        (LaunchRequest(user_types=BOTH), ("anonymous",), False),
        (LaunchRequest(user_types=(UserType.ANONYMOUS,)), ("anonymous",), False),
        (LaunchRequest(user_types=(UserType.ANONYMOUS,)), ("anonymous", "permanent"), True),
        (LaunchRequest(models=("a",)), ("anonymous", "permanent"), True),
    ],
)
def test_a_launch_that_leaves_something_out_is_partial(
    request_: LaunchRequest, configured: tuple[str, ...], partial: bool
) -> None:
    assert plan.is_partial(request_, configured) is partial


def test_a_forecast_counts_conversations_sign_ins_seconds_and_calls_a_day() -> None:
    found = plan.forecast(
        LaunchRequest(), models=10, failing_providers=0, past=Past(40.0, 20),
        launches_per_day=4, daily_types=2,
    )  # fmt: skip
    assert found == Forecast(conversations=20, sign_ins=2, seconds=40, per_day=80)


def test_a_forecast_of_one_cell_scales_and_counts_the_legs_of_failing_providers() -> None:
    one = LaunchRequest(models=("a",), user_types=(UserType.ANONYMOUS,))
    found = plan.forecast(
        one, models=10, failing_providers=3, past=Past(40.0, 20), launches_per_day=1, daily_types=2
    )
    assert found == Forecast(conversations=3, sign_ins=1, seconds=2, per_day=20)


def test_nothing_mapped_costs_nothing_and_an_unknown_duration_is_unknown() -> None:
    found = plan.forecast(
        LaunchRequest(), models=0, failing_providers=0, past=None, launches_per_day=1, daily_types=2
    )
    assert found == Forecast(conversations=0, sign_ins=0, seconds=None, per_day=0)
