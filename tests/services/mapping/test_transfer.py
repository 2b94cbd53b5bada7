"""Export and import: round trip, the original's rows, idempotence, hostile files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.foundation.errors import InputError
from services.mapping import transfer
from services.mapping.types import MappingEdit, Scope
from tests.support.catalogue import Catalogue


async def test_an_export_is_imported_by_another_console_and_again_changes_nothing(
    catalogue: Catalogue,
) -> None:
    await catalogue.add("relay", "a", "b")
    edit = MappingEdit(
        Scope.USER, "u", "U", "a", ("a", "b"), False, {"x": {"y": [1]}}
    )  # positional on purpose: every field
    await catalogue.mapping.save(edit)
    text = catalogue.mapping.export_text().encode()
    assert catalogue.mapping.plan_import(text).edits == ()
    await catalogue.mapping.delete("user:u")
    plan = catalogue.mapping.plan_import(text)
    assert plan.added == (edit,)
    assert plan.same == 1
    await catalogue.mapping.save_many(plan.edits, source="import")
    stored = catalogue.mapping.get("user:u")
    assert stored is not None
    assert (stored.metadata, stored.source) == ({"x": {"y": [1]}}, "import")
    assert catalogue.mapping.plan_import(text).edits == ()


async def test_an_export_names_no_key_of_a_supplier(catalogue: Catalogue) -> None:
    await catalogue.add("relay", "a", api_key="canary-of-a-relay-1f0a")
    await catalogue.map(Scope.MAPPING, "k", "a")
    text = catalogue.mapping.export_text()
    assert '"k"' in text
    assert "canary" not in text


async def test_the_originals_rows_are_read_in_both_of_its_shapes(catalogue: Catalogue) -> None:
    rows = [
        {
            "id": "tenant:app",
            "scope_type": "tenant",
            "scope_key": "app",
            "name": "App",
            "default_model": "a",
            "candidates_json": '["a", "b"]',
            "is_active": 1,
            "metadata_json": '{"required_tier": "pro"}',
            "created_at": "2025-01-01 00:00:00",
        },
        {"id": "global:g", "default_model": "a", "candidates": None, "unknown": object.__name__},
    ]
    envelope = json.dumps({"code": 200, "msg": "success", "data": rows, "total": 2}).encode()
    for content in (json.dumps(rows).encode(), b"\xef\xbb\xbf" + envelope):
        plan = catalogue.mapping.plan_import(content)
        assert [(e.scope_type, e.scope_key) for e in plan.added] == [
            (Scope.MAPPING, "app"),
            (Scope.GLOBAL, "g"),
        ]
        assert plan.added[0].candidates == ("a", "b")
        assert plan.added[0].metadata == {"required_tier": "pro"}


async def test_bad_rows_are_skipped_with_a_reason_and_the_rest_is_taken(
    catalogue: Catalogue,
) -> None:
    rows = [
        {"scope_type": "planet", "scope_key": "k", "default_model": "a"},
        {"scope_type": "mapping", "scope_key": "", "default_model": "a"},
        {"scope_type": "mapping", "scope_key": "k"},
        {"scope_type": "mapping", "scope_key": "k", "default_model": 5},
        {"scope_type": "mapping", "scope_key": "k", "default_model": "a", "candidates": ["a", 1]},
        {"scope_type": "mapping", "scope_key": "k", "default_model": "a", "is_active": "yes"},
        {"scope_type": "mapping", "scope_key": "k", "default_model": "a", "metadata": "{"},
        "a text",
        None,
        {"scope_type": "mapping", "scope_key": "good", "default_model": "a"},
    ]
    plan = catalogue.mapping.plan_import(json.dumps(rows).encode())
    assert [edit.scope_key for edit in plan.added] == ["good"]
    assert len(plan.skipped) == 9
    assert all(str(one.reason) for one in plan.skipped)


async def test_of_two_rows_of_one_key_the_last_wins(catalogue: Catalogue) -> None:
    rows = [
        {"scope_type": "mapping", "scope_key": "k", "default_model": model} for model in ("a", "b")
    ]
    plan = catalogue.mapping.plan_import(json.dumps(rows).encode())
    assert [edit.default_model for edit in plan.added] == ["b"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"{}",
        b'{"data": {}}',
        b"[" * 100_000,
        b"[NaN]",
        b"\xff\xfe[",
        json.dumps([{}] * (transfer.ROWS_MAX + 1)).encode(),
        b"[" + b" " * transfer.BYTES_MAX + b"]",
    ],
)
async def test_a_hostile_file_is_refused_at_its_field(catalogue: Catalogue, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        catalogue.mapping.plan_import(content)
    assert caught.value.field == "file"


ROWS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
FIELDS = st.sampled_from(
    ["id", "scope_type", "scope_key", "candidates", "metadata", "is_active", "candidates_json"]
)


@given(st.dictionaries(FIELDS, ROWS) | ROWS)
def test_any_row_is_an_edit_or_a_reason(row: object) -> None:
    reason = ""
    try:
        edit = transfer.to_edit(row)
    except InputError as error:
        edit, reason = None, str(error)
    assert isinstance(edit, MappingEdit) or reason
