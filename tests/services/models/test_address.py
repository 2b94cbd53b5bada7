"""Typed addresses: what they become, which machine they mean, and what is never contacted."""

from dataclasses import replace

import pytest

from services.foundation.errors import InputError
from services.models import address
from services.models.types import EndpointEdit
from services.suppliers.types import ProbeResult
from tests.support.catalogue import ONLINE, Catalogue


async def test_a_local_name_is_resolved_and_told_to_be_local() -> None:
    note = await address.look_at("http://localhost:8000/v1/chat/completions")
    assert note.base_url == "http://localhost:8000"
    assert note.host == "localhost"
    assert note.is_local
    assert set(note.addresses) <= {"127.0.0.1", "::1"}
    assert note.addresses


@pytest.mark.parametrize("text", ["http://127.0.0.1:9", "http://10.1.2.3", "http://[::1]:9"])
async def test_this_machine_and_private_networks_are_local(text: str) -> None:
    assert (await address.look_at(text)).is_local


async def test_a_public_address_is_not_local() -> None:
    note = await address.look_at("https://1.1.1.1")
    assert (note.is_local, note.is_forbidden, note.addresses) == (False, False, ("1.1.1.1",))


async def test_a_name_nobody_knows_is_no_error() -> None:
    note = await address.look_at("https://nowhere.invalid")
    assert (note.addresses, note.is_local) == ((), False)


@pytest.mark.parametrize(
    "text",
    [
        "http://169.254.169.254/latest",
        "http://0.0.0.0:80",
        "http://2852039166",
        "ftp://x.example",
        "http://user:pass@x.example",
        "no address",
    ],
)
async def test_what_is_never_contacted_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(InputError) as caught:
        await address.look_at(text)
    assert caught.value.field == "base_url"


async def test_a_name_that_means_a_forbidden_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def metadata(_host: str, _port: int) -> list[str]:
        return ["169.254.169.254"]

    monkeypatch.setattr(address, "_resolved", metadata)
    with pytest.raises(InputError, match=r"169\.254\.169\.254"):
        await address.look_at("http://innocent.example")


LOCAL = [
    "http://127.0.0.1:9",
    "http://localhost:11434/v1",
    "http://models.localhost",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://127.1",
    "http://[::1]:9",
    "http://[::ffff:10.0.0.1]",
    "http://[2002:a00:1::]",
    "http://[fd12::1]",
    "http://10.1.2.3",
    "http://192.168.1.4",
    "http://100.64.0.1",
]


@pytest.mark.parametrize("text", LOCAL)
async def test_a_local_address_is_stored_only_with_leave(catalogue: Catalogue, text: str) -> None:
    edit = EndpointEdit(name="mine", base_url=text, model="m")
    with pytest.raises(InputError, match="allow local addresses") as caught:
        await catalogue.models.save(edit)
    assert caught.value.field == "base_url"
    stored = await catalogue.models.save(replace(edit, allows_local=True))
    assert stored.allows_local
    with pytest.raises(InputError, match="allow local addresses"):  # the leave is taken back
        await catalogue.models.save(EndpointEdit(id=stored.id, allows_local=False))
    kept = await catalogue.models.save(EndpointEdit(id=stored.id, description="x"))
    assert kept.allows_local


async def test_a_probe_takes_the_leave_of_its_endpoint_along(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    async def probe(*, allows_local: bool, **_: object) -> ProbeResult:
        asked.append(allows_local)
        return ONLINE

    monkeypatch.setattr(catalogue.answers, "probe", probe)
    for name, leave in (("near", True), ("far", False)):
        endpoint_id = await catalogue.add(name, "m", allows_local=leave)
        await catalogue.models.check(endpoint_id, catalogue.answers)
    assert asked == [True, False]
