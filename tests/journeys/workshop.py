"""The estate of the wizards for whole stories: names, and its servers as Microsoft's clients show them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys.crypto import KeyWrapAlgorithm
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.mysqlflexibleservers import MySQLManagementClient
from azure.mgmt.rdbms.mysql import MySQLManagementClient as SingleServersClient

from tests.journeys.clients import DEK, Clients
from tests.sandbox.running import Client
from tests.support import Document, Done, Program, Sandbox

PREMIUM = "https://ws-premium.vault.azure.net"
SPARE = "ws-premium/spare-key"
SPARE_ID, USED_ID = f"{PREMIUM}/keys/spare-key", f"{PREMIUM}/keys/used-key"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
GROUP = "workshop-services"


def often_and_seldom(*lines: Any, often: int) -> list[Any]:
    """Parameter sets: the first so many each day, the others in the full matrix only."""
    return [pytest.param(*one, marks=() if n < often else pytest.mark.full) for n, one in enumerate(lines)]


class Workshop(Clients):
    """Microsoft's clients as one of the workshop's principals, also one that was made a moment ago."""

    def __init__(self, sandbox: Sandbox, principal: str = "administrator") -> None:
        sandbox.described = json.loads(sandbox.file.read_text())
        super().__init__(sandbox, principal)
        self._sandbox = sandbox

    @property
    def subscription(self) -> str:
        """The one in which all but a vault lies."""
        return str(self.scope("ws-premium").split("/")[2])

    def scope(self, vault: str, key: str | None = None) -> str:
        """The ARM id of a vault, or of a key in it."""
        for one in self._subscriptions:
            for found in self._vaults(one):
                if found.name == vault:
                    return f"{found.id}/keys/{key}" if key else str(found.id)
        raise AssertionError(f"there is no vault {vault}")

    def _vaults(self, subscription: str) -> Any:
        return KeyVaultManagementClient(self._credential, subscription, **self._ways).vaults.list_by_subscription()

    def policies(self, vault: str) -> dict[str, set[str]]:
        """What a vault's access policies allow with keys, by object id."""
        for one in self._subscriptions:
            for found in self._vaults(one):
                if found.name == vault:
                    return {
                        each.object_id: {word.lower() for word in each.permissions.as_dict().get("keys", ())}
                        for each in found.properties.access_policies
                    }
        raise AssertionError(f"there is no vault {vault}")

    def grant_type(self, scope: str, name: str) -> str:
        """The principal's type that an assignment names."""
        client = AuthorizationManagementClient(self._credential, scope.split("/")[2], **self._ways)
        return str(client.role_assignments.get(scope, name).principal_type)

    def lock(self, scope: str, name: str, level: str) -> str:
        """Lock a resource, past the program."""
        client = Client(self._sandbox.file, self._sandbox.described)
        path = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
        answer = client.arm("PUT", path, "2016-09-01", json={"properties": {"level": level}})
        assert answer.status_code in (200, 201), answer.text
        return name

    def flexible(self, name: str = "ws-mysql") -> Any:
        """A flexible server as its own SDK shows it."""
        client = MySQLManagementClient(self._credential, self.subscription, **self._ways)
        return client.servers.get(GROUP, name)

    def encryption(self, name: str = "ws-mysql") -> tuple[str | None, str | None]:
        """Key id and identity's name of a flexible server; None for the platform's key."""
        found = self.flexible(name).data_encryption
        if found is None or found.primary_key_uri is None:
            return None, None
        return found.primary_key_uri, found.primary_user_assigned_identity_id.rsplit("/", 1)[-1]

    def carried(self, name: str = "ws-mysql") -> set[str]:
        """Names of the identities that a flexible server carries."""
        identity = self.flexible(name).identity
        return {one.rsplit("/", 1)[-1] for one in (identity.user_assigned_identities or {})} if identity else set()

    def single_keys(self, name: str = "ws-single") -> list[str]:
        """The ids of a single server's keys."""
        client = SingleServersClient(self._credential, self.subscription, **self._ways)
        return [one.uri for one in client.server_keys.list(GROUP, name) if one.uri]

    def wraps(self, key_id: str) -> bytes | None:
        """A data encryption key, wrapped; None where the vault answers 403."""
        try:
            return bytes(self.crypto(key_id).wrap_key(KeyWrapAlgorithm.rsa_oaep_256, DEK).encrypted_key)
        except HttpResponseError as refused:
            if refused.status_code != 403:
                raise
            return None

    def await_wraps(self, key_id: str, within: float = 20) -> bytes:
        """Wait until a grant counts."""
        until = time.monotonic() + within
        while (wrapped := self.wraps(key_id)) is None:
            assert time.monotonic() < until, f"{key_id} was not to be used"
            time.sleep(0.1)
        return wrapped


def accepts(sandbox: Sandbox, name: str) -> bool:
    """Whether a server takes connections."""
    found = [one for one in sandbox.get("connections") if one["consumer_id"].endswith("/" + name)]
    return bool(found[0]["accepted"]) if found else True


@contextmanager
def nothing_sent(sandbox: Sandbox) -> Iterator[None]:
    """Nothing that changes Azure reaches it meanwhile."""
    marker = sandbox.last_request()
    yield
    assert not sandbox.writes(marker)


def refused(sandbox: Sandbox, program: Program, line: list[str], *said: str) -> None:
    """Exit 1 with one object that says so, and nothing was sent; the plan says it too, before anybody says yes."""
    with nothing_sent(sandbox):
        answer = program.json(*line, "--yes")
        assert answer.status == 1, (answer.out, answer.err)
        error = answer.json["error"]
        assert error["code"] == "refused", error
        for one in said:
            assert one in error["message"], error["message"]
        assert "Traceback" not in answer.err


def planned(program: Program, *line: str) -> Document:
    """The plan that a command prints; it may be started."""
    answer = program.json(*line, "--plan")
    assert answer.status == 0, (answer.out, answer.err)
    assert answer.json["problems"] == []
    return answer.json


def done(answer: Done, verb: str) -> Document:
    """What a command reports that did all that it said."""
    assert answer.status == 0, (answer.out, answer.err)
    report = answer.json
    assert (report["verb"], report["outcome"]) == (verb, "done"), report
    assert {one["state"] for one in report["steps"]} <= {"done", "skipped"}
    return report


def undone(program: Program, report: Document, *options: str) -> Document:
    """Take back what a command did."""
    return done(program.json("undo", report["operation"], "--yes", *options), "undo")
