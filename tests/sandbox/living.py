"""Helpers for tests of consumers: their rows, their state, and the grants and keys that are taken from them."""

import time
from collections.abc import Callable
from typing import Any

from .running import TIMEOUT, Running

FLEXIBLE_VERSION, SINGLE_VERSION, SINGLE_KEYS_VERSION = "2024-12-30", "2017-12-01", "2020-01-01"
COMPUTE_VERSION, AKS_VERSION = "2023-04-02", "2026-06-01"


def row(sandbox: Running, consumer: str) -> dict[str, Any]:
    """The truth about one consumer's primary slot, by its name."""
    rows = [one for one in sandbox.control("GET", "truth") if one["consumer_id"].endswith(f"/{consumer}")]
    (found,) = [one for one in rows if one["slot"] == "primary"]
    return dict(found)


def until(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true soon: consumers notice a pushed clock a moment after the push was answered."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def settled(sandbox: Running) -> None:
    """Return once consumers have had the time to ask for their keys: a whole turn of the sandbox's loop, and more."""
    for _ in range(5):
        sandbox.do(lambda world: None)
        time.sleep(0.02)


def flexible(sandbox: Running, consumer: str) -> dict[str, Any]:
    """A flexible server's properties."""
    answer = sandbox.arm("GET", row(sandbox, consumer)["consumer_id"], FLEXIBLE_VERSION)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["properties"])


def single(sandbox: Running, consumer: str) -> dict[str, Any]:
    """A single server's properties."""
    answer = sandbox.arm("GET", row(sandbox, consumer)["consumer_id"], SINGLE_VERSION)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["properties"])


def take_grants(sandbox: Running, consumer: str) -> list[dict[str, Any]]:
    """Delete the role assignments that a consumer's identity holds at its key; what was deleted."""
    facts = row(sandbox, consumer)
    (scope,) = facts["role_assignment_scope"]
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    params = {"$filter": f"principalId eq '{facts['identity']['object_id']}'"}
    found = [
        one
        for one in sandbox.arm("GET", path, "2022-04-01", params=params).json()["value"]
        if one["properties"]["scope"] == scope
    ]
    assert found
    for assignment in found:
        assert sandbox.arm("DELETE", assignment["id"], "2022-04-01").status_code == 200
    return found


def give_grants(sandbox: Running, assignments: list[dict[str, Any]]) -> None:
    """Make role assignments again, under their own names."""
    for assignment in assignments:
        names = ("roleDefinitionId", "principalId", "principalType")
        body = {"properties": {name: assignment["properties"][name] for name in names}}
        answer = sandbox.arm("PUT", assignment["id"], "2022-04-01", json=body)
        assert answer.status_code == 201, answer.text


def set_enabled(sandbox: Running, consumer: str, *, enabled: bool) -> None:
    """Disable or enable the key version that a consumer uses."""
    facts = row(sandbox, consumer)
    path = f"/keys/{facts['key_name']}/{facts['version']}"
    answer = sandbox.vault("PATCH", facts["vault"], path, json={"attributes": {"enabled": enabled}})
    assert answer.status_code == 200, answer.text


def finish(sandbox: Running, begun: Any, *, seconds: float = 200.0) -> dict[str, Any]:
    """Push the clock to the end of a long-running operation; its last status."""
    assert begun.status_code in (200, 201, 202), begun.text
    url = begun.headers["Azure-AsyncOperation"]
    sandbox.advance(seconds)
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    assert until(lambda: sandbox.send("GET", url, headers=headers).json()["status"] != "InProgress")
    return dict(sandbox.send("GET", url, headers=headers).json())
