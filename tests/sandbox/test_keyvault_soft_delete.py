"""Deleted keys: in between, recovered, purged, or kept to the end of their retention."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.keys import KeyClient

from cmk_admin.sandbox.services.keyvault import keymaterial, model
from cmk_admin.sandbox.state import World

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small", speed=0)

PEM = keymaterial.generate("EC")
DAY = 86400


@pytest.fixture
def keys(sandbox: Running) -> KeyClient:
    """A vault without purge protection that keeps deleted keys for 7 days, with one key."""

    def lay(world: World) -> None:
        model.make_vault(world, subscription=estate.ONE, group="keys", name="weak", purge_protection=False, retention=7)
        model.make_key(world, "weak", "k", kty="EC", pem=PEM)
        model.make_key(world, "small", "k", kty="EC", pem=PEM)

    sandbox.do(lay)
    return KeyClient("https://weak.vault.azure.net", sandbox.credential(), **sandbox.options)


def inner(sandbox: Running, method: str, path: str, json: Any = None) -> tuple[int, str | None]:
    answer = sandbox.vault(method, "weak", path, json=json)
    error = answer.json().get("error", {}) if answer.content else {}
    return answer.status_code, (error.get("innererror") or {}).get("code")


def test_a_key_is_deleted_and_recovered_with_every_state_in_between(sandbox: Running, keys: KeyClient) -> None:
    before = keys.get_key("k")
    assert before.properties.recovery_level == "CustomizedRecoverable+Purgeable"
    poller = keys.begin_delete_key("k", _polling_interval=0.05)
    gone = poller.result()
    assert gone.recovery_id == "https://weak.vault.azure.net/deletedkeys/k"
    assert (gone.scheduled_purge_date - gone.deleted_date).days == 7  # type: ignore[operator]
    # Under way: neither here nor there.
    assert inner(sandbox, "GET", "/keys/k")[0] == 404
    assert inner(sandbox, "GET", "/deletedkeys/k")[0] == 404
    create = {"kty": "EC"}
    assert inner(sandbox, "POST", "/keys/k/create", create) == (409, "ObjectIsBeingDeleted")
    assert inner(sandbox, "POST", "/deletedkeys/k/recover") == (409, "ObjectIsBeingDeleted")
    sandbox.advance(2)
    poller.wait(5)
    assert poller.done()
    assert [one.name for one in keys.list_deleted_keys()] == ["k"]
    assert list(keys.list_properties_of_keys()) == []
    assert inner(sandbox, "POST", "/keys/k/create", create) == (409, "ObjectIsDeletedButRecoverable")
    with pytest.raises(ResourceNotFoundError):
        keys.get_key("k")
    with pytest.raises(ResourceNotFoundError):
        keys.begin_delete_key("k")
    recovery = keys.begin_recover_deleted_key("k", _polling_interval=0.05)
    assert inner(sandbox, "POST", "/keys/k/create", create) == (409, "ObjectIsBeingRecovered")
    assert inner(sandbox, "GET", "/deletedkeys/k")[0] == 404
    sandbox.advance(2)
    recovery.wait(5)
    assert keys.get_key("k").id == before.id


def test_a_purged_key_is_gone_and_its_name_free(sandbox: Running, keys: KeyClient) -> None:
    sandbox.vault("DELETE", "weak", "/keys/k")
    sandbox.advance(2)
    keys.purge_deleted_key("k")
    with pytest.raises(ResourceNotFoundError):
        keys.get_deleted_key("k")
    assert keys.create_ec_key("k").name == "k"


def test_purge_protection_keeps_a_key_to_the_end_of_its_retention(sandbox: Running, keys: KeyClient) -> None:
    protected = KeyClient("https://small.vault.azure.net", sandbox.credential(), **sandbox.options)
    sandbox.vault("DELETE", "small", "/keys/k")
    sandbox.advance(2)
    with pytest.raises(HttpResponseError) as caught:
        protected.purge_deleted_key("k")
    assert caught.value.status_code == 403
    assert "purge protection is enabled" in str(caught.value)
    sandbox.advance(89 * DAY)
    assert protected.get_deleted_key("k").name == "k"
    sandbox.advance(DAY)
    with pytest.raises(ResourceNotFoundError):
        protected.get_deleted_key("k")
    assert protected.create_ec_key("k").name == "k"


def test_a_backup_is_not_restored_over_a_deleted_key(sandbox: Running, keys: KeyClient) -> None:
    blob = keys.backup_key("k")
    sandbox.vault("DELETE", "weak", "/keys/k")
    sandbox.advance(2)
    with pytest.raises(ResourceExistsError):
        keys.restore_key_backup(blob)
    keys.purge_deleted_key("k")
    assert keys.restore_key_backup(blob).name == "k"
