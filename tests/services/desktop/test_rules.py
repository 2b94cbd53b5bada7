"""Where the window may stand, and what the end of its process means."""

import pytest

from services.desktop.rules import LEAST, USUAL, fit, last_words, read_place, why_ended
from services.desktop.types import Place, Screen

ONE = (Screen(0, 0, 1920, 1080),)
TWO = (Screen(0, 0, 1920, 1080), Screen(1920, 0, 1280, 1024))


def test_a_window_in_sight_stays_where_it_was() -> None:
    for place in (Place(1100, 720, 40, 30), Place(800, 600, 2000, 100, is_maximized=True)):
        assert fit(place, TWO) == place


@pytest.mark.parametrize(("x", "y"), [(3000, 100), (-2000, 50), (100, 5000), (100, -900)])
def test_a_window_out_of_sight_is_centred_on_the_first_screen(x: int, y: int) -> None:
    assert fit(Place(1000, 700, x, y), ONE) == Place(1000, 700, 460, 190)


def test_a_window_of_a_screen_that_is_gone_comes_back() -> None:
    was = fit(Place(1000, 700, 2000, 100), TWO)
    assert was.x == 2000
    assert fit(was, ONE) == Place(1000, 700, 460, 190)


def test_a_window_is_never_larger_than_its_screen_nor_too_small_to_use() -> None:
    small = (Screen(0, 0, 1024, 700),)
    found = fit(USUAL, small)
    assert (found.width, found.height) == (int(1024 * 0.94), int(700 * 0.94))
    tiny = fit(Place(10, 10, 5, 5), ONE)
    assert (tiny.width, tiny.height) == LEAST


def test_the_title_bar_can_always_be_reached() -> None:
    place = fit(Place(1000, 700, 1795, -20), ONE)
    assert (place.x, place.y) == (1795, 0)


def test_without_screens_the_wish_stands() -> None:
    assert fit(USUAL, ()) == USUAL


@pytest.mark.parametrize(
    "held",
    [None, [], "x", {}, {"width": "wide", "height": 1, "x": 1, "y": 1},
     {"width": True, "height": 1, "x": 1, "y": 1}, {"width": 10**9, "height": 1, "x": 1, "y": 1}],
)  # fmt: skip
def test_a_file_that_holds_no_place_gives_the_usual_one(held: object) -> None:
    assert read_place(held) == USUAL


def test_a_place_is_read_back() -> None:
    held = {"width": 1100, "height": 720, "x": -5, "y": 30, "is_maximized": True}
    assert read_place(held) == Place(1100, 720, -5, 30, is_maximized=True)


def test_the_reason_is_what_the_process_said_last_that_tells() -> None:
    lines = ["hello\n", "qt.qpa.plugin: Could not load the Qt platform plugin\n", "bye\n"]
    words = last_words(lines)
    assert words.endswith("Could not load the Qt platform plugin")
    assert "window system" in str(why_ended(-6, words))
    assert str(why_ended(3, words)) == words
    assert "code 7" in str(why_ended(7, last_words(())))
