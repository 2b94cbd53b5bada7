"""A disk that cannot be read: the reader is told, the process and what is in order go on."""

import os

import pytest

from db.errors import DatabaseUnavailableError
from tests.support.store import StoreFolder, add_rows, count_rows


async def test_a_read_the_disk_refuses_is_told_and_the_store_lives_on(folder: StoreFolder) -> None:
    folder.fill(400, 4_000)
    store = folder.open().database
    size = folder.path.stat().st_size
    whole = folder.path.read_bytes()
    os.truncate(folder.path, size // 2)  # pages that are asked for and do not come
    with pytest.raises(DatabaseUnavailableError) as caught:
        await store.read(count_rows)
    assert caught.value.reason in ("io", "corrupt")
    with folder.path.open("r+b") as file:  # the disk is back: the same file, its bytes again
        file.write(whole)
    assert await store.read(count_rows) == 400
    assert store.is_writer_alive
    await store.write(lambda session: add_rows(session, range(1_000, 1_010)))
    assert await store.read(count_rows) == 410
    await store.close()
