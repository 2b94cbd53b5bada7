"""The reserve takes records in the space it has, gives it back, and says when it is full."""

import os
from pathlib import Path

import pytest

from services.journal.records import chunks
from services.journal.reserve import Reserve
from services.journal.types import SLOT_BYTES, Record
from tests.support.journal import NOW, turn

SIZE = 8 * SLOT_BYTES  # the first slot is the file's own head


def record(no: int, size: int = 100) -> Record:
    noise = os.urandom(size // 2).hex()  # cannot be compressed to less than a half
    (rows,) = chunks([turn(no, response_message=noise)])
    return Record(f"jrn_{no}", no, "", "ai_prompt_tests", NOW, "full: x", rows)


@pytest.fixture
def reserve(tmp_path: Path) -> Reserve:
    made = Reserve(tmp_path / "reserve.ring", SIZE)
    assert made.open() == {}
    return made


def again(reserve: Reserve) -> tuple[Reserve, dict[int, Record]]:
    reserve.close()
    other = Reserve(reserve.path, SIZE)
    return other, other.open()


def test_its_space_is_taken_at_the_start(reserve: Reserve) -> None:
    stat = reserve.path.stat()
    assert stat.st_size == SIZE == reserve.size
    assert stat.st_blocks * 512 >= SIZE
    assert stat.st_mode & 0o777 == 0o600


def test_records_are_found_again_and_their_slots_used_again(reserve: Reserve) -> None:
    slots = {no: reserve.write(record(no)) for no in range(1, 8)}
    assert sorted(slots.values()) == list(range(1, 8))
    with pytest.raises(OSError, match="full"):
        reserve.write(record(8))
    reserve.remove([slots[1], slots[4], slots[5]])
    assert reserve.write(record(9, 40_000)) == slots[4]  # two slots side by side, first fit
    assert reserve.write(record(10)) == slots[1]
    reserve, found = again(reserve)
    assert sorted(one.seq for one in found.values()) == [2, 3, 6, 7, 9, 10]
    assert reserve.used == 7 * SLOT_BYTES
    reserve.remove(list(found))
    assert again(reserve)[1] == {}


def test_a_torn_record_is_counted_and_its_place_given_away(reserve: Reserve) -> None:
    slot = reserve.write(record(1))
    with reserve.path.open("r+b") as file:
        file.seek(slot * SLOT_BYTES + 120)
        file.write(b"torn")
    reserve, found = again(reserve)
    assert (found, reserve.torn, reserve.used) == ({}, 1, 0)
    assert reserve.write(record(2)) == slot


def test_bytes_that_look_like_a_record_are_none_of_ours(reserve: Reserve, tmp_path: Path) -> None:
    other = Reserve(tmp_path / "other.ring", SIZE)
    other.open()
    other.write(record(1))
    image = other.path.read_bytes()[SLOT_BYTES : 2 * SLOT_BYTES]
    with reserve.path.open("r+b") as file:
        file.seek(3 * SLOT_BYTES)
        file.write(image)
    assert again(reserve)[1] == {}


def test_a_second_console_cannot_take_it(reserve: Reserve) -> None:
    with pytest.raises(BlockingIOError):
        Reserve(reserve.path, SIZE).open()
    assert Reserve(reserve.path.with_name("mine"), SIZE).open() == {}
