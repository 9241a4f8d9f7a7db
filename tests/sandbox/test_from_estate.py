"""A sandbox made from a saved estate: the same names, the same grants, other keys."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.__main__ import main
from cmk_admin.sandbox import access, consumers, from_estate
from cmk_admin.sandbox.scenarios import truth
from cmk_admin.sandbox.state import World

from .running import Running

Node = dict[str, Any]
UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"


def _save(running: Running, file: Path) -> Node:
    """What `estate` writes of a sandbox."""
    assert main(["--connection", str(running.file), "estate", "--format", "json", "--out", str(file)]) == 0
    saved: Node = json.loads(file.read_text())
    return saved


@pytest.fixture
def from_file(tmp_path: Path) -> Any:
    """Serve a sandbox made from a saved estate."""
    started: list[Running] = []

    def start(saved: Node) -> Running:
        folder = tmp_path / f"made-{len(started)}"
        folder.mkdir()

        def lay(world: World) -> None:
            from_estate.lay(world, from_estate.checked(saved))

        started.append(Running(partial(_empty, folder), folder, lay))
        return started[-1]

    yield start
    for one in started:
        one.close()


def _empty(folder: Path) -> World:
    from cmk_admin.sandbox.running import open_world

    return open_world(folder / "state", 60.0)


def _access(world: World) -> set[tuple[str, str, str]]:
    """Who may unwrap with which key by roles, as the sandbox decides it."""
    vaults = {one["name"]: one["id"] for _, one in world.items("resource") if one["type"].endswith("/vaults")}
    principals = [key for key, _ in world.items("principal")]
    keys = [(one["vault"], one["name"]) for _, one in world.items("key")]
    return {
        (principal, vault, key)
        for principal in principals
        for vault, key in keys
        if access.may(world, principal, UNWRAP, f"{vaults[vault]}/keys/{key}", data=True)
    }


@pytest.mark.parametrize(
    "scenario",
    ["dcc", "drill-inherited", *(pytest.param(f"drill-{one}", marks=pytest.mark.full) for one in ("lock", "expiry"))],
)
def test_a_sandbox_of_a_saved_estate_has_the_rows_and_the_access_of_the_first(
    scenario: str, start_sandbox: Callable[..., Running], from_file: Callable[[Node], Running], tmp_path: Path
) -> None:
    first = start_sandbox(scenario, speed=60)
    saved = _save(first, tmp_path / "estate.json")
    second = from_file(saved)
    rows, again = (json.loads(json.dumps(one.do(truth))) for one in (first, second))
    assert again == rows
    mine = {(p, v, k) for p, v, k in first.do(_access) if second.do(lambda w, p=p: w.get("principal", p))}  # type: ignore[misc]
    assert second.do(_access) == mine
    assert {slot.principal_id for slot in second.do(lambda world: list(consumers.slots(world)))} <= {
        key for key, _ in first.do(lambda world: list(world.items("principal")))
    }
    locks = [sorted(key for key, _ in one.do(lambda world: list(world.items("lock")))) for one in (first, second)]
    assert locks[0] == locks[1]
    # And what the program reads of the second is what it had read of the first.
    program = [_mapping(one, tmp_path / "rows.json") for one in (first, second)]
    assert program[0] == program[1]


def _mapping(running: Running, file: Path) -> Any:
    assert main(["--connection", str(running.file), "mapping", "--format", "json", "--out", str(file)]) == 0
    return json.loads(file.read_text())["rows"]


def test_private_endpoints_of_a_saved_estate_are_connected_again(
    start_sandbox: Callable[..., Running], from_file: Callable[[Node], Running], tmp_path: Path
) -> None:
    first = start_sandbox("dcc", speed=60)
    first.control("POST", "private-endpoint", {"vault": "dcc-premium", "name": "pe", "network": None})
    first.advance(120)  # Resource Graph lags behind
    saved = _save(first, tmp_path / "estate.json")
    known = {one["name"]: one["private_endpoints"] for one in saved["vaults"]}
    (endpoint,) = known.pop("dcc-premium")
    assert (endpoint["name"], endpoint["status"]) == ("pe", "Approved")
    assert set(map(len, known.values())) == {0}
    again = _save(from_file(saved), tmp_path / "again.json")
    assert {one["name"]: one["private_endpoints"] for one in again["vaults"]} == {**known, "dcc-premium": [endpoint]}


def test_the_keys_are_fresh(
    start_sandbox: Callable[..., Running], from_file: Callable[[Node], Running], tmp_path: Path
) -> None:
    first = start_sandbox("dcc", speed=60)
    second = from_file(_save(first, tmp_path / "estate.json"))

    def modulus(world: World) -> set[str]:
        return {version["key"]["n"] for _, key in world.items("key") for version in key["versions"]}

    assert not first.do(modulus) & second.do(modulus)


def test_another_estate_is_laid_into_a_running_sandbox_in_well_under_a_second(
    start_sandbox: Callable[..., Running], tmp_path: Path
) -> None:
    running = start_sandbox("dcc", speed=60)
    saved = _save(running, tmp_path / "estate.json")
    running.control("POST", "estate", saved)
    begun = time.monotonic()
    answer = running.control("POST", "estate", saved)
    assert time.monotonic() - begun < 1.0
    (note,) = answer["notes"]
    assert note.startswith("Not all could be read when the estate was saved, and is missing here: /subscriptions/")
    assert note.endswith("/dcc-closed.")
    running.control("POST", "reset")
    assert len(running.do(truth)) == len({json.dumps(row) for row in running.do(truth)}) > 5


def test_keys_with_one_thumbprint_get_one_pair(from_file: Callable[[Node], Running]) -> None:
    running = from_file(_small(thumbprints=("same", "same", "other")))

    def pems(world: World) -> list[str]:
        return [key["versions"][-1]["pem"] for _, key in world.items("key")]

    one, two, three = running.do(pems)
    assert one == two != three


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not JSON"),
        ("[]", "names no vaults"),
        ('{"vaults": [], "consumers": []}', "who may do what"),
        (
            '{"vaults": [1], "consumers": [], "account": {"object_id": "x"}, "role_assignments": [], "principals": []}',
            "list",
        ),
        (
            '{"vaults": [{"id": "x", "name": "n", "location": "l"}], "consumers": [], "account": {"object_id": "x"}, '
            '"role_assignments": [], "principals": []}',
            "not a resource's id",
        ),
    ],
)
def test_a_file_that_is_no_estate_is_refused_in_one_sentence(
    content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "estate.json"
    file.write_text(content)
    assert main(["sandbox", "from-estate", str(file), "--connection-file", str(tmp_path / "c.json")]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "c.json").exists()


def test_what_cannot_be_made_is_told(from_file: Callable[[Node], Running]) -> None:
    saved = _small()
    group = saved["vaults"][0]["id"].split("/providers/")[0]
    saved["consumers"] = [
        {
            "id": f"{group}/providers/Microsoft.Storage/storageAccounts/acc",
            "service": "storage",
            "name": "acc",
            "slots": [],
        }
    ]
    running = from_file(_small())
    notes = running.control("POST", "estate", saved)["notes"]
    assert any("no storage here: 1 of them" in note for note in notes)
    assert any("no grant" in note for note in notes)


def _small(thumbprints: tuple[str, ...] = ("a", "b")) -> Node:
    subscription = "11111111-2222-3333-4444-555555555555"
    vault = f"/subscriptions/{subscription}/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/small-vault"
    keys = [
        {"name": f"key-{n}", "key_type": "RSA-HSM", "key_size": 2048, "thumbprint": one, "versions": None}
        for n, one in enumerate(thumbprints)
    ]
    return {
        "account": {"object_id": "99999999-2222-3333-4444-555555555555", "name": "me", "tenant_id": subscription},
        "subscriptions": [{"id": subscription, "name": "one", "management_groups": []}],
        "vaults": [
            {"id": vault, "name": "small-vault", "location": "westeurope", "premium": True, "rbac": True, "keys": keys}
        ],
        "consumers": [],
        "principals": [],
        "role_assignments": [],
    }
