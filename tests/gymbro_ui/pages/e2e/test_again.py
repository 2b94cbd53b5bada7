"""What runs again for a cell, a row, a column, and the run menu."""

from components.e2e.matrix import Again, CellPlace, to_place
from components.words import speaking
from gymbro_ui.pages.e2e.again import again_request, run_choices, run_requests
from services.accounts.types import UserType
from services.e2e.types import LaunchRequest, Matrix, MatrixRow
from tests.support.e2e_views import a_health, launches

BOTH = (UserType.ANONYMOUS, UserType.PERMANENT)
MATRIX = Matrix(
    launches(2),
    (
        MatrixRow("a", "P", {"anonymous": "oo", "permanent": "oo"}),
        MatrixRow("b", "P", {"anonymous": "o.", "permanent": "of"}),
        MatrixRow("c", "P", {"anonymous": "o.", "permanent": "o."}),
    ),
)


def test_a_cell_runs_for_its_own_user_type():
    again = Again("cell", CellPlace(2, "b", UserType.PERMANENT))
    wanted = LaunchRequest(models=("b",), user_types=(UserType.PERMANENT,))
    assert again_request(again, MATRIX, BOTH) == wanted


def test_a_row_runs_for_the_user_types_that_are_shown():
    again = Again("row", CellPlace(0, "a", None))
    assert again_request(again, MATRIX, BOTH) == LaunchRequest(models=("a",), user_types=BOTH)
    only = again_request(again, MATRIX, (UserType.ANONYMOUS,))
    assert only == LaunchRequest(models=("a",), user_types=(UserType.ANONYMOUS,))


def test_a_column_runs_the_models_that_launch_asked():
    again = Again("column", CellPlace(2, "", None))
    found = again_request(again, MATRIX, BOTH)
    assert found is not None
    assert found.models == ("a", "b")


def test_what_is_not_in_the_matrix_does_not_run():
    assert again_request(Again("row", CellPlace(0, "gone", None)), MATRIX, BOTH) is None
    assert again_request(Again("column", CellPlace(99, "", None)), MATRIX, BOTH) is None


def test_the_run_menu_offers_the_problems_only_when_there_are_some():
    health = a_health(24)
    requests = run_requests(health.dots)
    assert "deepseek-v3" in requests["problems"].models
    assert "gpt-5" not in requests["problems"].models
    assert "problems" not in run_requests(())


def test_each_choice_names_its_cost():
    with speaking("en"):
        choices = run_choices({"all": 40, "problems": 6})
    assert [(one.key, one.conversations) for one in choices] == [("all", 40), ("problems", 6)]


def test_an_event_of_the_browser_is_never_trusted():
    assert to_place({}) == CellPlace(0, "", None)
    assert to_place({"no": "1", "key": 5, "user": "root"}) == CellPlace(0, "5", None)
    assert to_place({"no": 3, "key": "m" * 999, "user": "anonymous"}) == CellPlace(
        3, "m" * 200, UserType.ANONYMOUS
    )
