"""The file that a revoke writes may come back from anywhere: it is checked, and nothing is sent for a bad one."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.restore_file import sealed
from cmk_admin.domain.steps import StepState
from cmk_admin.domain.wire import plan_from_json, plan_to_json
from cmk_admin.operations.interface import ConnectionInfo, ConnectionKind
from cmk_admin.operations.rollback import read_rollback
from tests.operations.stories import Azure, plan_disable


def _refused(path: Path, words: str, info: ConnectionInfo) -> None:
    with pytest.raises(BadInput, match=words):
        asyncio.run(read_rollback(path, info))


def test_a_file_that_was_tampered_with_or_is_of_another_connection_is_bad_input(azure: Azure, tmp_path: Path) -> None:
    async def story() -> tuple[str, ConnectionInfo]:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), watch=False)
            assert cut.restore_file is not None
            return cut.restore_file.read_text(), backend.info

    text, info = asyncio.run(story())
    whole = json.loads(text)
    (tmp_path / "good.json").write_text(text)
    draft = asyncio.run(read_rollback(tmp_path / "good.json", info))
    assert [state.value for state in draft.states] == ["done"]

    def altered(**changes: Any) -> Path:
        path = tmp_path / "bad.json"
        path.write_text(json.dumps(sealed({**whole, **changes})))
        return path

    elsewhere = json.loads(text.replace("dcc-premium.vault.azure.net", "vault.example.net"))
    _refused(altered(plan=elsewhere["plan"]), "is damaged", info)
    plan = plan_from_json(whole["plan"])
    for target in ("https://vault.example.net/keys/k/" + "0" * 32, "https://dcc-premium.vault.azure.net/keys/k", "/x"):
        steps = (replace(plan.steps[0], target=target), *plan.steps[1:])
        _refused(altered(plan=plan_to_json(replace(plan, steps=steps))), "is damaged", info)
    _refused(altered(operation="../../../x"), "is damaged", info)
    _refused(altered(states=[]), "is damaged", info)
    _refused(altered(states=["melted"]), "is damaged", info)
    _refused(altered(plan=[]), "is damaged", info)
    for wrong in ("yesterday", "2026-01-01T00:00:00", 7):
        _refused(altered(began=wrong), "is damaged", info)
    watch, *others = plan.watches
    for other in (replace(watch, service="a-toaster"), replace(watch, consumer_id="https://vault.example.net/")):
        _refused(altered(plan=plan_to_json(replace(plan, watches=(other, *others)))), "is damaged", info)
    _refused(altered(format="something else"), "is not a file that a revoke wrote", info)
    _refused(altered(), "belongs to another connection", replace(info, key="sandbox-other"))
    (tmp_path / "no.json").write_text("{")
    _refused(tmp_path / "no.json", "is not JSON", info)
    (tmp_path / "deep.json").write_text("[" * 100_000)
    _refused(tmp_path / "deep.json", "is not JSON", info)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    _refused(tmp_path / "binary.json", "is not JSON", info)
    _refused(tmp_path / "missing.json", "cannot be read", info)
    _refused(tmp_path, "cannot be read", info)


def test_a_file_holds_no_secret_and_nothing_of_who_is_signed_in(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), reason="they asked", ticket="INC-7", watch=False)
            assert cut.restore_file is not None
            text = cut.restore_file.read_text()
            account = backend.info.account
            document = json.loads(text)
            about = {name: value for name, value in document.items() if name not in ("plan", "restore", "script")}
            # what the plan itself says of people is theirs as holders of grants
            assert account.object_id not in json.dumps(about)
            assert account.name not in json.dumps(about)
            assert not [one for one in azure.sandbox.described["principals"].values() if one["secret"] in text]
            assert "eyJ" not in text  # how every token begins

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "value"), [("tenant", "00000000-0000-0000-0000-000000000000"), ("states", ["skipped"]), ("script", [])]
)
def test_a_file_that_is_not_as_it_was_written_is_damaged_wherever_it_was_changed(
    azure: Azure, tmp_path: Path, name: str, value: object
) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), watch=False)
            assert cut.restore_file is not None
            document = json.loads(cut.restore_file.read_text())
            changed = tmp_path / "changed.json"
            changed.write_text(json.dumps({**document, name: value}))
            with pytest.raises(BadInput, match="not as the revoke wrote it"):
                await read_rollback(changed, backend.info)
            del document["sha256"]
            changed.write_text(json.dumps(document))
            with pytest.raises(BadInput, match="not as the revoke wrote it"):
                await read_rollback(changed, backend.info)

    asyncio.run(story())


def test_a_file_is_of_its_cloud_and_tenant_whoever_is_signed_in(azure: Azure, tmp_path: Path) -> None:
    async def story() -> tuple[str, ConnectionInfo]:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), watch=False)
            assert cut.restore_file is not None
            return cut.restore_file.read_text(), backend.info

    text, info = asyncio.run(story())
    document = {**json.loads(text), "sandbox": None}
    assert document["settled"] is True
    assert document["restore"]["verb"] == "restore"
    assert document["script"][0].startswith("#!")
    file = tmp_path / "live.json"
    file.write_text(json.dumps(sealed(document)))
    live = replace(info, kind=ConnectionKind.LIVE, key="live-of-another-account")
    assert asyncio.run(read_rollback(file, live)).began is not None
    _refused(file, "belongs to another connection", replace(live, account=replace(live.account, cloud="china")))
    _refused(file, "belongs to another connection", replace(live, account=replace(live.account, tenant_id="other")))
    _refused(file, "belongs to another connection", info)


def test_what_a_file_does_not_know_for_certain_is_looked_at_first(azure: Azure, tmp_path: Path) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_disable(backend), watch=False)
            assert cut.restore_file is not None
            document = json.loads(cut.restore_file.read_text())
            document |= {"settled": False, "states": ["planned" for _ in document["states"]]}
            (tmp_path / "lagging.json").write_text(json.dumps(sealed(document)))
        async with azure.opened(home=azure.home.with_name("elsewhere")) as other:
            plan = await other.prepare_restore(str(tmp_path / "lagging.json"))
            assert any("not known" in one for one in plan.warnings)
            back = await other.run(plan, watch=False)
            assert back.steps[0].state is StepState.DONE

    asyncio.run(story())
