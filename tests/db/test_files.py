"""What the disk under the database is like."""

from pathlib import Path

import pytest

from db.files import free_bytes, network_kind

MOUNTS = (
    "/dev/root / ext4 rw 0 0\n"
    "server:/export /mnt/team nfs4 rw 0 0\n"
    "/dev/sdb /mnt/team/local ext4 rw 0 0\n"
    "//nas/share /mnt/with\\040blank cifs rw 0 0\n"
    "me@host: /mnt/far fuse.sshfs rw 0 0\n"
    "tmpfs /mnt/covered tmpfs rw 0 0\n"
    "server:/x /mnt/covered nfs rw 0 0\n"
    "broken line\n"
)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/team/data/gymbro.sqlite3", "nfs4"),
        ("/mnt/team/local/gymbro.sqlite3", ""),
        ("/mnt/with blank/gymbro.sqlite3", "cifs"),
        ("/mnt/far/gymbro.sqlite3", "fuse.sshfs"),
        ("/mnt/covered/gymbro.sqlite3", "nfs"),
        ("/mnt/teamwork/gymbro.sqlite3", ""),
        ("/home/me/gymbro.sqlite3", ""),
    ],
)
def test_a_network_disk_is_known_by_its_mount(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_kind(Path(path), mounts) == kind


def test_without_a_list_of_mounts_every_disk_counts_as_local(tmp_path: Path) -> None:
    assert network_kind(tmp_path / "x", tmp_path / "nothing") == ""


def test_free_space_is_that_of_the_nearest_folder(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "there" / "yet") > 0
