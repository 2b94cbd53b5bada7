"""A draft: a target that is tried before it is stored."""

from dataclasses import replace

import pytest

from services.foundation.errors import InputError
from services.targets.service import Targets
from services.targets.types import SELF_ID
from tests.support.targets import ANON, SERVICE, an_edit


async def test_a_draft_is_a_target_that_is_not_stored(targets: Targets) -> None:
    draft = targets.drafted(an_edit(name=""))
    assert (draft.api_base, draft.auth_url) == (
        "https://staging.example/api/v1",
        "https://abc.supabase.example",
    )
    assert (draft.anon_key, draft.service_key) == (ANON, SERVICE)
    assert len(targets.all()) == 1


async def test_a_draft_takes_stored_keys_but_never_to_another_address(targets: Targets) -> None:
    stored = await targets.save(an_edit())
    same = an_edit(id=stored.id, anon_key=None, service_key=None)
    assert targets.drafted(same).anon_key == ANON
    assert targets.drafted(replace(same, auth_url="https://evil.example")).anon_key == ""
    assert targets.drafted(replace(same, api_base="https://evil.example")).service_key == ""


async def test_a_draft_of_our_own_keeps_its_address(targets: Targets) -> None:
    own = targets.get(SELF_ID)
    edit = an_edit(id=SELF_ID, anon_key=None, service_key=None)
    draft = targets.drafted(edit)
    assert (draft.api_base, draft.anon_key) == (own.api_base, own.anon_key)


async def test_a_draft_with_a_wrong_address_is_refused_at_its_field(targets: Targets) -> None:
    with pytest.raises(InputError) as caught:
        targets.drafted(an_edit(api_base="not an address"))
    assert caught.value.field == "api_base"
