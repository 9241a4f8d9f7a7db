"""What a vault holds besides keys, and a vault that has failed over to its paired region."""

import pytest

from cmk_admin.sandbox.key_pairs import take
from cmk_admin.sandbox.services.authorization.model import make_assignment
from cmk_admin.sandbox.services.keyvault import contents, model
from cmk_admin.sandbox.state import World

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")
HEADER = "x-ms-keyvault-region"
PEMS = take(2)


def fill(sandbox: Running) -> None:
    def make(world: World) -> None:
        model.make_key(world, "small", "wrapping", pem=PEMS[0])
        contents.make_certificate(world, "small", "web", pem=PEMS[1], thumbprint="dGh1bWI")
        for number in range(26):
            contents.make_secret(world, "small", f"password-{number:02}")
        (owner,) = [one for _, one in world.items("principal") if one["displayName"] == "administrator"]
        make_assignment(world, scope=estate.VAULT, role="Key Vault Administrator", principal_id=owner["objectId"])
        world.forget_past()
        world.commit()

    sandbox.do(make)


def test_secrets_are_listed_in_pages_without_their_values(sandbox: Running) -> None:
    fill(sandbox)
    first = sandbox.vault("GET", "small", "/secrets").json()
    assert len(first["value"]) == 25
    assert first["value"][0]["id"] == "https://small.vault.azure.net/secrets/password-00"
    headers = {"Authorization": f"Bearer {sandbox.token('administrator', 'https://vault.azure.net')}"}
    rest = sandbox.send("GET", first["nextLink"], headers=headers).json()
    assert [one["id"].rsplit("/", 1)[-1] for one in rest["value"]] == ["password-25", "web"]
    assert rest["value"][-1]["managed"] is True
    assert not any("value" in one for one in (*first["value"], *rest["value"]))


def test_lists_of_contents_ask_for_their_own_rights(sandbox: Running) -> None:
    fill(sandbox)
    for path in ("/secrets", "/certificates"):
        refused = sandbox.vault("GET", "small", path, as_="nobody")
        assert (refused.status_code, refused.json()["error"]["innererror"]["code"]) == (403, "ForbiddenByRbac")


def test_a_certificates_key_is_managed_and_not_deleted_by_itself(sandbox: Running) -> None:
    fill(sandbox)
    (certificate,) = sandbox.vault("GET", "small", "/certificates").json()["value"]
    assert (certificate["id"].rsplit("/", 1)[-1], certificate["x5t"]) == ("web", "dGh1bWI")
    listed = {one["kid"].rsplit("/", 1)[-1]: one for one in sandbox.vault("GET", "small", "/keys").json()["value"]}
    assert (listed["web"].get("managed"), listed["wrapping"].get("managed")) == (True, None)
    assert sandbox.vault("DELETE", "small", "/keys/web").status_code == 403
    assert sandbox.vault("GET", "small", "/keys/web").json()["managed"] is True


def test_every_answer_names_the_region_it_comes_from(sandbox: Running) -> None:
    assert sandbox.vault("GET", "small", "/keys").headers[HEADER] == "westeurope"
    assert sandbox.vault("GET", "small", "/keys", as_="nobody").headers[HEADER] == "westeurope"


def test_a_vault_that_failed_over_only_reads_while_roles_go_on(sandbox: Running) -> None:
    fill(sandbox)
    sandbox.control("POST", "failover", {"vault": "small", "region": "northeurope"})
    read = sandbox.vault("GET", "small", "/keys/wrapping")
    assert (read.status_code, read.headers[HEADER]) == (200, "northeurope")
    wrapped = sandbox.vault(
        "POST", "small", "/keys/wrapping/wrapkey", json={"alg": "RSA-OAEP-256", "value": "AAAA"}
    ).json()["value"]
    body = {"alg": "RSA-OAEP-256", "value": wrapped}
    assert sandbox.vault("POST", "small", "/keys/wrapping/unwrapkey", json=body).json()["value"] == "AAAA"
    disable = {"attributes": {"enabled": False}}
    refused = sandbox.vault("PATCH", "small", "/keys/wrapping", json=disable)
    assert (refused.status_code, refused.headers[HEADER]) == (403, "northeurope")
    assert sandbox.vault("DELETE", "small", "/keys/wrapping").status_code == 403
    assert sandbox.arm("PATCH", estate.VAULT, "2023-07-01", json={"tags": {}}).status_code == 403
    path = f"{estate.VAULT}/providers/Microsoft.Authorization/roleAssignments"
    (given,) = sandbox.arm("GET", path, "2022-04-01", params={"$filter": "atScope()"}).json()["value"][-1:]
    assert sandbox.arm("DELETE", given["id"], "2022-04-01").status_code == 200
    sandbox.control("POST", "failover", {"vault": "small", "region": None})
    assert sandbox.vault("PATCH", "small", "/keys/wrapping", json=disable).status_code == 200
