"""Every change leaves its trace in its own transaction, on both databases; secrets never do."""

from types import SimpleNamespace
from typing import Any

import pytest

from db.engine import Database
from db.queries import mappings as mapping_queries
from services.audit.books import Books
from services.audit.service import Audit
from services.audit.tables import WATCHED
from services.audit.types import AuditFilter, AuditKind
from services.foundation.actor import acting_as
from services.foundation.errors import ConflictError, NotFoundError
from services.mapping.service import Mappings
from services.mapping.types import MappingEdit, Scope
from services.models.service import Models
from services.models.types import EndpointEdit
from services.prompts.service import Prompts
from services.prompts.types import PromptEdit, PromptType
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.sync.parts import Catalogue
from services.targets.service import Targets
from services.targets.types import TargetEdit
from services.undo.service import Undo
from tests.support.clock import FakeClock


class Desk:
    def __init__(self, database: Database, clock: FakeClock, secrets: Secrets, settings: Settings):
        self.models = Models(database, clock, secrets, settings)
        self.models.load()
        self.mapping = Mappings(database, clock, self.models, settings)
        self.mapping.load()
        self.prompts = Prompts(database, clock)
        self.prompts.load()
        self.settings = settings
        own: Any = SimpleNamespace(anon_key="a", service_key="s")
        self.targets = Targets(database, clock, secrets, settings.env, own)
        self.targets.load()
        self.audit = Audit(database, clock)
        catalogue = Catalogue(self.models, self.mapping, self.prompts)
        self.undo = Undo(self.audit, catalogue, settings, self.targets)

    async def log(self, **wanted: Any) -> list[Any]:
        return list((await self.audit.page(AuditFilter(**wanted))).entries)

    async def last(self, kind: str) -> Any:
        return (await self.log(kinds=(kind,)))[0]


@pytest.fixture
def desk(database: Database, clock: FakeClock, secrets: Secrets, settings: Settings) -> Desk:
    return Desk(database, clock, secrets, settings)


ACME = EndpointEdit(name="acme", base_url="https://acme.example.com", model="a-1", api_key="sk-k-1")


async def test_a_change_tells_who_what_before_and_after(desk: Desk) -> None:
    with acting_as("lena", "req-7"):
        endpoint = await desk.models.save(ACME)
        await desk.models.save(EndpointEdit(id=endpoint.id, model="a-2", timeout=90))
    entry = await desk.last("model")
    assert (entry.actor, entry.request_id, entry.action) == ("lena", "req-7", "changed")
    assert entry.before == {"model": "a-1", "timeout": 60}
    assert entry.after == {"model": "a-2", "timeout": 90}
    assert (entry.subject_id, entry.subject) == (str(endpoint.id), "acme")
    made = (await desk.log(kinds=("model",)))[1]
    assert made.action == "created"
    assert made.before is None
    assert made.after["api_key_state"] == "set"
    assert "sk-k-1" not in repr(await desk.log())


async def test_a_replaced_key_is_told_without_the_key(desk: Desk) -> None:
    endpoint = await desk.models.save(ACME)
    await desk.models.save(EndpointEdit(id=endpoint.id, api_key="sk-other"))
    entry = await desk.last("model")
    assert entry.after == {"api_key_state": "set"}
    assert not desk.undo.can_undo(entry)
    await desk.models.save(EndpointEdit(id=endpoint.id, base_url="https://new.example.com"))
    assert (await desk.last("model")).after["api_key_state"] == "removed"


async def test_nothing_changed_leaves_no_entry(desk: Desk) -> None:
    endpoint = await desk.models.save(ACME)
    count = len(await desk.log())
    await desk.models.save(EndpointEdit(id=endpoint.id, model="a-1"))
    assert len(await desk.log()) == count


async def test_what_moves_along_is_logged_in_the_same_group(desk: Desk) -> None:
    first = await desk.models.save(ACME)
    await desk.models.save(EndpointEdit(id=first.id, is_default=True))
    entries = await desk.log(kinds=("model",))
    moved = [e for e in entries if "is_default" in (e.after or {}) and e.before]
    assert {e.subject for e in moved} == {"acme", "Demo"}
    assert len({e.group_id for e in moved}) == 1


async def test_a_change_that_fails_leaves_no_entry(
    any_database: Database, clock: FakeClock
) -> None:
    books = Books(any_database, clock)

    def broken(session: Any) -> None:
        values = {"scope_type": "mapping", "scope_key": "x", "candidates_json": ["m"],
                  "metadata_json": {}, "default_model": "m"}  # fmt: skip
        mapping_queries.save_mapping(session, "mapping:x", values, clock.now())
        raise RuntimeError("after the change")

    with pytest.raises(RuntimeError):
        await books.write("mapping", broken)
    audit = Audit(any_database, clock)
    assert (await audit.page(AuditFilter())).entries == ()


async def test_the_log_is_the_same_on_both_databases(
    any_database: Database, clock: FakeClock
) -> None:
    books, audit = Books(any_database, clock), Audit(any_database, clock)
    for number in range(5):
        values = {"scope_type": "mapping", "scope_key": f"k{number}", "name": f"名{number}",
                  "candidates_json": ["m"], "metadata_json": {"a": number}, "default_model": "m"}  # fmt: skip
        key = f"mapping:k{number}"
        await books.write(
            "mapping",
            lambda s, key=key, values=values: mapping_queries.save_mapping(
                s, key, values, clock.now()
            ),
        )
    page = await audit.page(AuditFilter(), limit=2)
    assert [entry.subject for entry in page.entries] == ["mapping:k4", "mapping:k3"]
    rest = await audit.page(AuditFilter(), limit=10, before=page.next_before)
    assert [entry.subject for entry in rest.entries] == [f"mapping:k{n}" for n in (2, 1, 0)]
    assert rest.next_before is None
    assert rest.entries[0].after == {
        "scope_type": "mapping", "scope_key": "k2", "name": "名2", "default_model": "m",
        "candidates_json": ["m"], "is_active": True, "metadata_json": {"a": 2},
    }  # fmt: skip
    found = await audit.page(AuditFilter(text="K3", kinds=("mapping",), actor="console"))
    assert [entry.subject for entry in found.entries] == ["mapping:k3"]
    assert (await audit.page(AuditFilter(text="50%"))).entries == ()
    assert await audit.actors() == ["console"]
    undone = await audit.mark_undone(page.entries[0].id)
    assert undone.undone_by == "console"
    with pytest.raises(NotFoundError):
        await audit.get(999)


async def test_prompts_are_logged_by_version_and_not_by_text(desk: Desk) -> None:
    prompt = await desk.prompts.save(
        PromptEdit(name="coach", content="secret recipe " * 50, prompt_type=PromptType.AGENT_SYSTEM)
    )
    await desk.prompts.save(PromptEdit(id=prompt.id, content="other"))
    entry = await desk.last("prompt")
    assert entry.before["version_no"] == 1
    assert entry.after["version_no"] == 2
    assert "secret recipe" not in repr(await desk.log())


async def test_settings_and_targets_are_logged(desk: Desk) -> None:
    await desk.settings.change({"retention_days": 14})
    entry = await desk.last("settings")
    assert (entry.before, entry.after) == ({"retention_days": 30}, {"retention_days": 14})
    await desk.settings.change_app({"web_search_enabled": True})
    assert (await desk.last("gateway")).after == {"web_search_enabled": True}
    edit = TargetEdit(None, "prod", "https://api.example.com", "https://p.supabase.co",
                      service_key="sb_secret_canary_1234567")  # fmt: skip
    target = await desk.targets.save(edit)
    entry = await desk.last("target")
    assert entry.action == "created"
    assert entry.after["service_key_state"] == "set"
    assert "canary" not in repr(entry)
    await desk.targets.delete(target.id)
    assert (await desk.last("target")).action == "deleted"


@pytest.mark.parametrize("act", ["edit", "delete", "create", "default"])
async def test_a_change_of_an_endpoint_can_be_taken_back(desk: Desk, act: str) -> None:
    endpoint = await desk.models.save(ACME)
    if act == "edit":
        await desk.models.save(EndpointEdit(id=endpoint.id, model="a-2", model_list=("a-2",)))
    if act == "delete":
        await desk.models.delete(endpoint.id)
    if act == "default":
        await desk.models.save(EndpointEdit(id=endpoint.id, is_default=True))
        demo = next(e for e in await desk.log() if e.subject == "Demo" and e.before)
        await desk.undo.undo(demo.id)
        assert [e.name for e in desk.models.endpoints if e.is_default] == ["Demo"]
        return
    entry = await desk.last("model")
    undone = await desk.undo.undo(entry.id)
    assert undone.undone_at is not None
    names = {e.name: e.model for e in desk.models.endpoints}
    assert ("acme" in names) is (act != "create")
    assert act == "create" or names["acme"] == "a-1"
    with pytest.raises(ConflictError):
        await desk.undo.undo(entry.id)


async def test_an_undo_never_takes_back_something_newer(desk: Desk) -> None:
    endpoint = await desk.models.save(ACME)
    await desk.models.save(EndpointEdit(id=endpoint.id, model="a-2"))
    older = await desk.last("model")
    await desk.models.save(EndpointEdit(id=endpoint.id, model="a-3"))
    with pytest.raises(ConflictError, match="changed again"):
        await desk.undo.undo(older.id)
    assert desk.models.endpoint(endpoint.id).model == "a-3"  # type: ignore[union-attr]


async def test_mappings_settings_and_targets_are_taken_back(desk: Desk) -> None:
    edit = MappingEdit(Scope.MAPPING, "gpt", "GPT", "a-1", ("a-1",), metadata={"tier": "pro"})
    await desk.mapping.save(edit)
    await desk.mapping.set_active("mapping:gpt", is_active=False)
    await desk.undo.undo((await desk.last("mapping")).id)
    found = desk.mapping.get("mapping:gpt")
    assert found is not None
    assert (found.is_active, found.metadata) == (True, {"tier": "pro"})
    await desk.mapping.delete("mapping:gpt")
    await desk.undo.undo((await desk.last("mapping")).id)
    assert desk.mapping.get("mapping:gpt") is not None
    await desk.settings.change({"retention_days": 14})
    await desk.undo.undo((await desk.last("settings")).id)
    assert desk.settings.preferences.retention_days == 30
    await desk.models.set_blocked(("a-1",))
    await desk.undo.undo((await desk.last("blocked")).id)
    assert desk.models.blocked == frozenset()
    target = await desk.targets.save(
        TargetEdit(None, "prod", "https://api.example.com", "https://p.supabase.co")
    )
    await desk.targets.save(
        TargetEdit(target.id, "prod 2", "https://api.example.com", "https://p.supabase.co")
    )
    await desk.undo.undo((await desk.last("target")).id)
    assert desk.targets.get(target.id).name == "prod"


async def test_a_prompt_goes_back_to_the_version_before(desk: Desk) -> None:
    prompt = await desk.prompts.save(
        PromptEdit(name="coach", content="one", prompt_type=PromptType.AGENT_SYSTEM)
    )
    await desk.prompts.save(PromptEdit(id=prompt.id, content="two"))
    await desk.undo.undo((await desk.last("prompt")).id)
    head = desk.prompts.get(prompt.id)
    assert head is not None
    assert (head.content, head.version_no) == ("one", 3)
    await desk.prompts.activate(prompt.id)
    await desk.undo.undo((await desk.last("prompt")).id)
    assert not desk.prompts.get(prompt.id).is_active  # type: ignore[union-attr]
    await desk.prompts.delete(prompt.id)
    assert not desk.undo.can_undo(await desk.last("prompt"))


async def test_every_watched_kind_can_be_read(desk: Desk, database: Database) -> None:
    for kind, watched in WATCHED.items():
        rows = database.read_now(watched.read)
        assert isinstance(rows, dict), kind
    assert set(WATCHED) <= set(map(str, AuditKind))
