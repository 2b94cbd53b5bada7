"""Moving in on the settings page: a file is looked at, its preview shown, then taken (7.3)."""

from functools import partial
from pathlib import Path
from typing import Any

from nicegui import ElementFilter, ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from gymbro_ui.shell import shell
from services.executions.types import Execution, ExecutionState, Trigger
from services.foundation.errors import InputError
from services.foundation.messages import say
from services.imports.types import Fate, ImportReport, Line
from tests.support.builders import until
from tests.support.preview import build

REPORT = ImportReport(
    file="/srv/db.sqlite3",
    source="s",
    is_rehearsal=True,
    target="staging",
    lines=(
        Line("ai_endpoints", "main (1)", Fate.ADDED, (say("It holds no results"),)),
        Line("ai_endpoints", "old (2)", Fate.SKIPPED, (say("The file holds it twice"),)),
    ),
    secrets_moved=2,
    left={"local_users": 1},
)


class FakeImporting:
    """One file that can be taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Path] = []
        self.forgotten: list[Path] = []

    async def last(self) -> Execution | None:
        if not self.started:
            return None
        meta = {"name": "db.sqlite3", "added": 1, "skipped": 1}
        return Execution(
            7, "exe_import", "import", "x", ExecutionState.SUCCEEDED, Trigger.MANUAL, meta=meta
        )

    def report(self, _execution_id: str) -> dict[str, Any]:
        return {}

    def upload_place(self) -> Path:
        return self.folder / "upload-1.db"

    async def preview(self, path: Path) -> ImportReport:
        if path.name != "db.sqlite3":
            raise InputError("There is no file {path}", field="from", path=str(path))
        return REPORT

    async def forget_upload(self, path: Path) -> None:
        self.forgotten.append(path)

    async def start(self, path: Path) -> Execution:
        self.started.append(path)
        found = await self.last()
        assert found is not None
        return found


def _name(user: User, path: str) -> None:
    with user:
        field = next(one for one in ElementFilter(kind=ui.input) if "import-path" in one._markers)
        field.value = path
    user.find(marker="import-look").click()


async def test_a_file_is_looked_at_and_taken_once_that_is_agreed_to(tmp_path: Path) -> None:
    console = build()
    console.importing = fake = FakeImporting(tmp_path)
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/settings")
        await user.should_see("还没有迁入过任何数据。")
        _name(user, "/srv/none.db")
        await user.should_see("没有文件 /srv/none.db")
        assert fake.forgotten == [Path("/srv/none.db")]
        _name(user, "/srv/db.sqlite3")
        await user.should_see("2 个密钥或密码将放入密钥库")
        await user.should_see("运行记录和测试用户将归属于 staging。")
        await user.should_see("从不迁入：local_users (1)")
        await user.should_see("ai_endpoints old (2): 文件中重复出现")
        assert fake.started == []
        user.find(marker="import-go").click()
        await until(lambda: fake.started == [Path("/srv/db.sqlite3")])
