"""The time axis: widths, gaps, off-times, marks, labels."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from components.e2e.timeline import AIR_PX, COLUMN_PX, DAY_PX, GAP_PX, LABEL_PX, MANUAL_PX, lay_out
from services.e2e.types import Launch, Mark, RunStatus
from services.schedules.types import OffSpan

START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
STEP = timedelta(hours=3)


def a_launch(number: int, at: datetime, trigger: str = "schedule") -> Launch:
    return Launch(number, f"{number:032x}", "", 1, trigger, RunStatus.SUCCESS, at)


def every(*hours: float) -> list[Launch]:
    return [a_launch(n, START + timedelta(hours=h)) for n, h in enumerate(hours)]


def test_a_launch_by_hand_is_half_as_wide():
    axis = lay_out([a_launch(1, START), a_launch(2, START + STEP, "manual")])
    assert [(c.x, c.width) for c in axis.columns] == [(0, COLUMN_PX), (COLUMN_PX, MANUAL_PX)]
    assert axis.width == max(DAY_PX, COLUMN_PX + MANUAL_PX)


def test_the_labels_of_one_launch_by_hand_stand_where_they_can_be_read():
    axis = lay_out([a_launch(1, START, "manual")])
    assert [(label.text, label.x) for label in axis.labels] == [("03-28", 0), ("22:00", 0)]
    assert axis.width >= DAY_PX


def test_a_label_that_moves_to_the_left_never_covers_the_one_before():
    launches = [a_launch(n, START + timedelta(minutes=n), "manual") for n in range(9)]
    for count in range(1, 10):
        times = [label.x for label in lay_out(launches[:count]).labels if not label.is_day]
        assert all(b - a >= LABEL_PX - AIR_PX for a, b in pairwise(times)), count
        assert min(times) >= 0


def test_slots_in_time_leave_no_gap():
    assert lay_out(every(0, 3, 6), interval=STEP).gaps == ()


def test_a_missed_slot_is_drawn_as_a_gap_of_its_length():
    axis = lay_out(every(0, 3, 9), interval=STEP)
    (gap,) = axis.gaps
    assert not gap.is_off
    assert (gap.x, gap.width) == (2 * COLUMN_PX, GAP_PX)
    assert axis.columns[2].x == 2 * COLUMN_PX + GAP_PX


def test_the_time_the_console_was_off_is_named_as_such():
    off = OffSpan(START + timedelta(hours=4), START + timedelta(hours=8))
    (gap,) = lay_out(every(0, 3, 9), off_spans=[off], interval=STEP).gaps
    assert gap.is_off
    assert (gap.start, gap.end) == (off.start, off.end)


def test_a_time_off_after_the_newest_launch_ends_the_axis():
    off = OffSpan(START + timedelta(hours=1), START + timedelta(hours=2))
    axis = lay_out(every(0), off_spans=[off], interval=STEP)
    assert axis.gaps[0].x == COLUMN_PX
    assert axis.width == max(DAY_PX, COLUMN_PX + axis.gaps[0].width)


def test_without_an_interval_only_known_off_times_are_gaps():
    assert lay_out(every(0, 300)).gaps == ()


def test_a_change_stands_before_the_first_launch_that_had_it():
    marks = [
        Mark(START + timedelta(hours=1), "prompt", "coach", "v12"),
        Mark(START + timedelta(hours=2), "mapping", "qwen"),
        Mark(START - timedelta(hours=1), "prompt", "before everything"),
        Mark(START + timedelta(hours=7), "default", "since the newest"),
    ]
    lines = lay_out(every(0, 3, 6), marks=marks).marks
    assert [(line.x, len(line.marks)) for line in lines] == [(COLUMN_PX, 2), (3 * COLUMN_PX, 1)]


def test_days_and_times_are_those_of_the_operators_zone():
    labels = lay_out(every(0, 3, 6, 9), zone="Asia/Shanghai").labels
    assert [label.text for label in labels if label.is_day] == ["03-29"]
    assert [label.text for label in labels if not label.is_day] == ["06:00", "12:00"]


def test_labels_never_overlap():
    labels = [x for x in lay_out(every(*range(0, 90, 3))).labels if not x.is_day]
    assert all(b.x - a.x >= 38 for a, b in pairwise(labels))


def test_a_flag_hides_the_time_label_it_would_cover():
    mark = Mark(START + timedelta(hours=4), "prompt", "coach", "v12")
    labels = [x.x for x in lay_out(every(0, 3, 6, 9, 12), marks=[mark]).labels if not x.is_day]
    assert 2 * COLUMN_PX not in labels
    assert 0 in labels


def test_no_launches_give_an_empty_axis():
    assert lay_out([], off_spans=[OffSpan(START, START + STEP)]).width == 0


def test_an_unknown_zone_is_read_as_utc():
    assert lay_out(every(0), zone="Not/AZone").labels[1].text == "22:00"
