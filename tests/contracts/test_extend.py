"""The samples of docs/extend.md: really added, really run."""

import re
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from nicegui.testing.user_simulation import user_simulation

from db.engine import Database
from gymbro_ui import site_map
from gymbro_ui.shell import frame, pages, shell
from gymbro_ui.site_map import Page
from services.checks import registry as checks
from services.checks.types import Limits
from services.executions.service import Executions
from services.executions.types import ExecutionState, Trigger
from services.foundation.clock import SystemClock
from services.foundation.errors import InputError
from services.foundation.tasks import Tasks
from services.settings.service import Settings
from services.suppliers import registry as suppliers
from services.suppliers import service as supplier_service
from services.suppliers.types import Conversation, SupplierCall, SupplierError
from tests.support.builders import until
from tests.support.clock import FakeClock
from tests.support.preview import build
from tests.support.replies import a_reply

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "extend.md"
_SAMPLE = re.compile(r'```python title="([\w/]+)\.py"\n(.*?)```', re.DOTALL)


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """The samples as modules, by the last part of their name."""
    found: dict[str, ModuleType] = {}
    for path, source in _SAMPLE.findall(MANUAL.read_text()):
        name = path.replace("/", ".")
        assert name not in sys.modules, f"{name} exists by now: the manual needs another sample"
        module = ModuleType(name)
        exec(compile(source, f"{path}.py", "exec"), module.__dict__)
        monkeypatch.setitem(sys.modules, name, module)
        found[name.rpartition(".")[2]] = module
    return found


def test_a_check_of_the_manual_judges_replies(
    sample: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, sample["language"].CHECK))
    found = checks.evaluate(a_reply("先看问题，再回答。"), Limits())
    assert found["language"].ok is True
    english = checks.evaluate(a_reply("Only English words here."), Limits())
    assert english["language"].reason == "not_chinese"
    assert checks.overall(english).verdict == "failed"
    empty = replace(a_reply(), text="")
    assert checks.evaluate(empty, Limits())["language"].ok is None


async def test_a_kind_of_the_manual_runs_and_refuses(
    sample: dict[str, ModuleType], database: Database, clock: FakeClock, settings: Settings
) -> None:
    tasks = Tasks()
    executions = Executions(database, clock, tasks, settings)
    executions.register(sample["counting"].kind())
    with pytest.raises(InputError):
        await executions.start("count", {"to": 0}, trigger=Trigger.API)
    started = await executions.start("count", {"to": 3}, trigger=Trigger.API)
    await until(lambda: not executions.running())
    ended = await executions.get(started.execution_id)
    assert ended.status == ExecutionState.SUCCEEDED
    assert ended.output.split() == ["1", "2", "3"]
    assert (ended.done, ended.total) == (3, 3)
    await tasks.stop(2.0)


async def test_a_page_of_the_manual_is_drawn_in_the_shell(
    sample: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page("/clock", "Clock", "schedule", sample["clock"].render, group="Console")
    for module in (site_map, frame, pages):  # the one table, wherever it was imported to
        monkeypatch.setattr(module, "PAGES", (*site_map.PAGES, page))
    console = build()
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/clock")
        await user.should_see("Time of the console")


async def test_a_supplier_of_the_manual_answers_and_refuses(
    sample: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {**suppliers.SUPPLIERS, "echo": sample["echo"].EchoSupplier}
    monkeypatch.setattr(supplier_service, "SUPPLIERS", table)
    door = supplier_service.Suppliers(SystemClock())

    def call(text: str) -> SupplierCall:
        asked = Conversation([{"role": "user", "content": text}])
        return SupplierCall("", "echo", "echo-1", asked)

    said = [piece async for piece in door.stream(call("how do I squat"))]
    assert "".join(piece.text for piece in said).split() == ["how", "do", "I", "squat"]
    assert said[-1].finish_reason == "stop"
    with pytest.raises(SupplierError, match="upstream_http_400"):
        [piece async for piece in door.stream(call(""))]
    await door.close()
