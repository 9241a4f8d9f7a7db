"""Roles and their assignments through Microsoft's own client: what lists hold, and what is refused."""

import uuid
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.authorization import AuthorizationManagementClient

from cmk_admin.sandbox.access import ROLE_DEFINITIONS
from cmk_admin.sandbox.services.authorization import roles
from cmk_admin.sandbox.services.authorization.model import make_assignment, make_eligibility
from cmk_admin.sandbox.services.identity.model import make_principal
from cmk_admin.sandbox.state import World

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")

VERSION = "2022-04-01"
KEY = f"{estate.VAULT}/keys/k"
ROOT = f"/providers/Microsoft.Management/managementGroups/{estate.TENANT}"
CRYPTO_USER = roles.role_id("Key Vault Crypto User")
ENCRYPTION_USER = roles.role_id("Key Vault Crypto Service Encryption User")
AUTHORIZATION = "providers/Microsoft.Authorization"


def client(sandbox: Running, name: str = "administrator") -> AuthorizationManagementClient:
    return AuthorizationManagementClient(sandbox.credential(name), estate.ONE, **sandbox.options)


def oid(sandbox: Running, name: str) -> str:
    return sandbox.principal(name)["object_id"]


def put(
    sandbox: Running, scope: str, principal: str, *, as_: str = "administrator", name: str = "", **facts: Any
) -> Any:
    properties = {"roleDefinitionId": ENCRYPTION_USER, "principalId": principal, **facts}
    path = f"{scope}/{AUTHORIZATION}/roleAssignments/{name or uuid.uuid4()}"
    return sandbox.arm("PUT", path, VERSION, as_=as_, json={"properties": properties})


def error(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_assignment_is_made_read_and_removed(sandbox: Running) -> None:
    assignments, worker = client(sandbox).role_assignments, oid(sandbox, "worker")
    name = str(uuid.uuid4())
    body = {"role_definition_id": ENCRYPTION_USER, "principal_id": worker, "principal_type": "ServicePrincipal"}
    made = assignments.create(KEY, name, body)
    assert made.id == f"{KEY}/{AUTHORIZATION}/roleAssignments/{name}"
    assert (made.scope, made.principal_id, made.principal_type) == (KEY, worker, "ServicePrincipal")
    assert made.created_by == oid(sandbox, "administrator")
    assert assignments.get(KEY, name).id == assignments.get_by_id(made.id).id == made.id
    assert assignments.delete(KEY, name).id == made.id
    assert assignments.delete(KEY, name) is None
    with pytest.raises(ResourceNotFoundError) as caught:
        assignments.get(KEY, name)
    assert caught.value.error.code == "RoleAssignmentNotFound"  # type: ignore[union-attr]


def test_a_grant_opens_the_vault_after_its_delay_and_closes_it_after_another(sandbox: Running) -> None:
    sandbox.vault("POST", "small", "/keys/k/create", json={"kty": "RSA"})
    answer = sandbox.vault("GET", "small", "/keys/k", as_="worker")
    assert answer.json()["error"]["innererror"]["code"] == "ForbiddenByRbac"
    made = put(sandbox, KEY, oid(sandbox, "worker")).json()
    assert sandbox.vault("GET", "small", "/keys/k", as_="worker").status_code == 403
    sandbox.advance(300)
    assert sandbox.vault("GET", "small", "/keys/k", as_="worker").status_code == 200
    sandbox.arm("DELETE", made["id"], VERSION)
    assert sandbox.vault("GET", "small", "/keys/k", as_="worker").status_code == 200
    sandbox.advance(300)
    assert sandbox.vault("GET", "small", "/keys/k", as_="worker").status_code == 403


def test_the_same_assignment_again_is_no_other(sandbox: Running) -> None:
    worker, name = oid(sandbox, "worker"), str(uuid.uuid4())
    assert put(sandbox, KEY, worker, name=name).status_code == 201
    assert put(sandbox, KEY, worker, name=name).status_code == 200
    exists = put(sandbox, KEY, worker)
    assert error(exists) == (409, "RoleAssignmentExists")
    assert name.replace("-", "") in exists.json()["error"]["message"]
    for scope, facts in ((estate.VAULT, {}), (KEY, {"roleDefinitionId": CRYPTO_USER})):
        assert error(put(sandbox, scope, worker, name=name, **facts)) == (400, "RoleAssignmentUpdateNotPermitted")
    described = put(sandbox, KEY, worker, name=name, description="for the database")
    assert (described.status_code, described.json()["properties"]["description"]) == (200, "for the database")


@pytest.mark.parametrize(
    ("scope", "facts", "expected"),
    [
        (KEY, {"roleDefinitionId": f"{ROLE_DEFINITIONS}{estate.ONE}"}, (400, "RoleDefinitionDoesNotExist")),
        (KEY, {"principalId": estate.ONE}, (400, "PrincipalNotFound")),
        (KEY, {"principalId": "worker"}, (400, "InvalidPrincipalId")),
        (KEY, {"principalType": "User"}, (400, "UnmatchedPrincipalType")),
        (KEY, {"name": "mine"}, (400, "InvalidRoleAssignmentId")),
        (f"{estate.GROUP}/providers/Microsoft.KeyVault/vaults/absent", {}, (404, "ResourceNotFound")),
    ],
)
def test_what_makes_no_sense_is_not_assigned(
    sandbox: Running, scope: str, facts: dict[str, str], expected: tuple[int, str]
) -> None:
    before = len(list(sandbox.world.items("roleAssignment")))
    facts = {"principalId": oid(sandbox, "worker"), **facts}
    assert error(put(sandbox, scope, facts.pop("principalId"), **facts)) == expected
    assert len(list(sandbox.world.items("roleAssignment"))) == before


def test_an_identity_just_made_is_only_found_with_its_type(sandbox: Running) -> None:
    made = sandbox.do(lambda world: make_principal(world, "fresh", kind="ManagedIdentity"))["objectId"]
    assert error(put(sandbox, KEY, made)) == (400, "PrincipalNotFound")
    assert error(put(sandbox, KEY, made, principalType="User")) == (400, "PrincipalNotFound")
    assert put(sandbox, KEY, made, principalType="ServicePrincipal").status_code == 201
    # Access policies look nobody up.
    entry = {"tenantId": estate.TENANT, "objectId": made, "permissions": {"keys": ["get"]}}
    policies = {"properties": {"accessPolicies": [entry]}}
    added = sandbox.arm("PUT", f"{estate.VAULT}/accessPolicies/add", "2023-07-01", json=policies)
    assert added.status_code in (200, 201)
    sandbox.advance(60)
    assert put(sandbox, estate.VAULT, made).status_code == 201


def test_who_may_not_assign_is_refused(sandbox: Running) -> None:
    assert error(put(sandbox, KEY, oid(sandbox, "worker"), as_="reader")) == (403, "AuthorizationFailed")
    path = f"{KEY}/{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"
    assert error(sandbox.arm("DELETE", path, VERSION, as_="reader")) == (403, "AuthorizationFailed")


def test_a_data_access_administrator_gives_and_takes_roles_of_key_vaults_data_plane_only(sandbox: Running) -> None:
    role = "Key Vault Data Access Administrator"

    def lay(world: World) -> None:
        make_assignment(world, scope=estate.GROUP, role=role, principal_id=oid(sandbox, "nobody"))
        world.forget_past()

    sandbox.do(lay)
    worker = oid(sandbox, "worker")
    made = put(sandbox, KEY, worker, as_="nobody")
    assert made.status_code == 201
    for name in (
        "Owner",
        "Key Vault Contributor",
        "Key Vault Crypto Service Release User",
        "Key Vault Certificate User",
    ):
        other = {"roleDefinitionId": roles.role_id(name)}
        assert error(put(sandbox, KEY, worker, as_="nobody", **other)) == (403, "AuthorizationFailed")
    owner = {"roleDefinitionId": roles.role_id("Owner")}
    assert sandbox.arm("DELETE", made.json()["id"], VERSION, as_="nobody").status_code == 200
    standing = put(sandbox, KEY, worker, **owner).json()["id"]
    assert error(sandbox.arm("DELETE", standing, VERSION, as_="nobody")) == (403, "AuthorizationFailed")


@pytest.fixture
def spread(sandbox: Running) -> dict[str, str]:
    """Assignments of the worker and of groups it is in, from the root down to a key; name -> assignment id."""

    def lay(world: World) -> dict[str, str]:
        worker = oid(sandbox, "worker")
        inner = make_principal(world, "inner", kind="Group", members=[worker])["objectId"]
        outer = make_principal(world, "outer", kind="Group", members=[inner])["objectId"]
        where = {
            "root": (ROOT, worker),
            "subscription": (f"/subscriptions/{estate.ONE}", outer),
            "group": (estate.GROUP, worker),
            "vault": (estate.VAULT, inner),
            "key": (KEY, worker),
            "another": (f"/subscriptions/{estate.TWO}", worker),
        }
        return {
            name: make_assignment(world, scope=scope, role="Key Vault Crypto User", principal_id=who)["id"]
            for name, (scope, who) in where.items()
        }

    return sandbox.do(lay)


@pytest.mark.parametrize(
    ("scope", "text", "expected"),
    [
        (KEY, "atScope() and principalId eq '{worker}'", {"root", "group", "key"}),
        (KEY, "principalId eq '{worker}'", {"root", "group", "key"}),
        (KEY, "assignedTo('{worker}')", {"root", "subscription", "group", "vault", "key"}),
        (estate.VAULT, "atScope() and assignedTo('{worker}')", {"root", "subscription", "group", "vault"}),
        (estate.GROUP, "principalId eq '{worker}'", {"root", "group", "key"}),
        (f"/subscriptions/{estate.ONE}", "principalId eq '{worker}'", {"root", "group", "key"}),
        (f"/subscriptions/{estate.ONE}", "assignedTo('{worker}')", {"root", "subscription", "group", "vault", "key"}),
        (f"/subscriptions/{estate.ONE}", "atScope()", {"root", "subscription"}),
        (f"/subscriptions/{estate.ONE}", None, {"root", "subscription", "group", "vault", "key"}),
        (f"/subscriptions/{estate.TWO}", None, {"root", "another"}),
        (ROOT, "atScope()", {"root"}),
    ],
)
def test_lists_reach_above_and_below_as_their_filter_says(
    sandbox: Running, spread: dict[str, str], scope: str, text: str | None, expected: set[str]
) -> None:
    wanted = text.format(worker=oid(sandbox, "worker")) if text else None
    found = {one.id for one in client(sandbox).role_assignments.list_for_scope(scope, filter=wanted)}
    names = {name for name, one in spread.items() if one in found}
    assert names == expected
    own = {"Owner", "Key Vault Crypto Officer", "Reader"}
    others = {one.id for one in client(sandbox).role_assignments.list_for_scope(scope, filter=wanted)} - set(
        spread.values()
    )
    assert bool(others) is (text in (None, "atScope()")), own


def test_a_filter_that_is_not_known_is_refused_and_not_ignored(sandbox: Running) -> None:
    for kind in ("roleAssignments", "roleDefinitions"):
        path = f"{estate.VAULT}/{AUTHORIZATION}/{kind}"
        answer = sandbox.arm("GET", path, VERSION, params={"$filter": "principalName eq 'x'"})
        assert answer.status_code == 400


def test_built_in_roles_are_found_by_name_and_by_id(sandbox: Running) -> None:
    definitions = client(sandbox).role_definitions
    (found,) = definitions.list(estate.VAULT, filter="roleName eq 'Key Vault Crypto Service Encryption User'")
    assert (found.name, found.role_type) == ("e147488a-f6f5-4113-8e2d-b22465e65bf6", "BuiltInRole")
    assert found.id == f"/subscriptions/{estate.ONE}{ENCRYPTION_USER}"
    assert found.permissions[0].data_actions == [
        "Microsoft.KeyVault/vaults/keys/read",
        "Microsoft.KeyVault/vaults/keys/wrap/action",
        "Microsoft.KeyVault/vaults/keys/unwrap/action",
    ]
    assert definitions.get_by_id(ENCRYPTION_USER).role_name == found.role_name
    assert definitions.get(estate.VAULT, found.name).id == found.id
    assert len(list(definitions.list("/", filter="type eq 'BuiltInRole'"))) == len(roles.built_in())
    with pytest.raises(ResourceNotFoundError):
        definitions.get_by_id(ROLE_DEFINITIONS + str(uuid.uuid4()))


def test_a_custom_role_is_made_used_and_kept_while_it_is_assigned(sandbox: Running) -> None:
    name = str(uuid.uuid4())
    permissions = [{"dataActions": ["Microsoft.KeyVault/vaults/keys/*"], "notDataActions": ["*/unwrap/action"]}]
    facts = {"roleName": "Almost", "permissions": permissions, "assignableScopes": [estate.GROUP]}
    path = f"{estate.GROUP}/{AUTHORIZATION}/roleDefinitions/{name}"
    assert sandbox.arm("PUT", path, VERSION, json={"properties": facts}).status_code == 201
    role = {"roleDefinitionId": f"{estate.GROUP}{ROLE_DEFINITIONS}{name}"}
    assigned = put(sandbox, KEY, oid(sandbox, "worker"), **role)
    assert assigned.status_code == 201
    assert error(sandbox.arm("DELETE", path, VERSION)) == (400, "RoleDefinitionHasAssignments")
    sandbox.vault("POST", "small", "/keys/k/create", json={"kty": "RSA"})
    sandbox.advance(300)
    wrap = {"alg": "RSA-OAEP", "value": "AA"}
    assert sandbox.vault("POST", "small", "/keys/k/wrapkey", as_="worker", json=wrap).status_code == 200
    assert sandbox.vault("POST", "small", "/keys/k/unwrapkey", as_="worker", json=wrap).status_code == 403
    elsewhere = put(sandbox, f"/subscriptions/{estate.TWO}", oid(sandbox, "worker"), **role)
    assert error(elsewhere) == (400, "RoleDefinitionDoesNotExist")
    other = path.replace(name, str(uuid.uuid4()))
    assert error(sandbox.arm("PUT", other, VERSION, json={"properties": facts})) == (
        409,
        "RoleDefinitionWithSameNameExists",
    )
    sandbox.arm("DELETE", assigned.json()["id"], VERSION)
    assert sandbox.arm("DELETE", path, VERSION).status_code == 200
    assert sandbox.arm("DELETE", path, VERSION).status_code == 204


def test_a_custom_role_with_data_actions_is_not_for_management_groups(sandbox: Running) -> None:
    permissions = [{"dataActions": ["Microsoft.KeyVault/vaults/keys/read"]}]
    facts = {"roleName": "Wide", "permissions": permissions, "assignableScopes": [ROOT]}
    path = f"{ROOT}/{AUTHORIZATION}/roleDefinitions/{uuid.uuid4()}"
    assert sandbox.arm("PUT", path, VERSION, json={"properties": facts}).status_code == 400
    built_in = f"/{AUTHORIZATION}/roleDefinitions/{ENCRYPTION_USER.rsplit('/', 1)[-1]}"
    assert sandbox.arm("PUT", ROOT + built_in, VERSION, json={"properties": facts}).status_code == 400


def permissions(sandbox: Running, scope: str, as_: str, version: str = VERSION) -> list[Any]:
    answer = sandbox.arm("GET", f"{scope}/{AUTHORIZATION}/permissions", version, as_=as_)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


def test_permissions_are_the_callers_own_at_the_scope(sandbox: Running) -> None:
    mine = list(client(sandbox, "reader").permissions.list_for_resource_group("keys"))
    assert [one.actions for one in mine] == [["*/read"]]
    actions = [one.actions for one in client(sandbox).permissions.list_for_resource_group("keys")]
    assert ["*"] in actions
    # Who may nothing there is told just that.
    assert list(client(sandbox, "reader").permissions.list_for_resource_group("other")) == []
    unsigned = f"https://management.azure.com{KEY}/{AUTHORIZATION}/permissions?api-version={VERSION}"
    assert sandbox.send("GET", unsigned).status_code == 401


@pytest.mark.parametrize("version", ["2015-07-01", VERSION])
def test_permissions_count_at_a_keys_scope_as_the_vault_counts_them(sandbox: Running, version: str) -> None:
    made = put(sandbox, KEY, oid(sandbox, "worker")).json()
    assert permissions(sandbox, KEY, "worker", version) == []
    sandbox.advance(300)
    (block,) = permissions(sandbox, KEY, "worker", version)
    assert set(block) == {"actions", "notActions", "dataActions", "notDataActions"}
    assert "Microsoft.KeyVault/vaults/keys/unwrap/action" in block["dataActions"]
    for above in (estate.VAULT, estate.GROUP, f"/subscriptions/{estate.ONE}", f"{estate.VAULT}/keys/other"):
        assert permissions(sandbox, above, "worker", version) == []
    sandbox.arm("DELETE", made["id"], VERSION)
    assert permissions(sandbox, KEY, "worker", version) == [block]
    sandbox.advance(300)
    assert permissions(sandbox, KEY, "worker", version) == []


def test_permissions_come_through_groups_and_show_the_conditions_that_the_gate_weighs(sandbox: Running) -> None:
    delegated = (
        "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
        f"(@Request[Microsoft.Authorization/roleAssignments:PrincipalId] ForAnyOfAnyValues:GuidEquals {{{estate.ONE}}})"
    )
    strange = "@Resource[Microsoft.KeyVault/vaults/keys:Colour] StringEquals 'blue'"

    def lay(world: World) -> None:
        (team,) = (key for key, one in world.items("principal") if one["displayName"] == "team")
        make_assignment(world, scope=KEY, role="Key Vault Crypto User", principal_id=team)
        make_assignment(world, scope=KEY, role="User Access Administrator", principal_id=team, condition=delegated)
        make_assignment(world, scope=KEY, role="Key Vault Crypto Officer", principal_id=team, condition=strange)

    sandbox.do(lay)
    sandbox.advance(300)
    found = permissions(sandbox, KEY, "reader")
    assert {one.get("condition") for one in found} == {None, delegated}
    # What nobody understands grants nothing, so it is not shown either.
    assert not any("Microsoft.KeyVault/vaults/keys/*" in one["dataActions"] for one in found)
    assert any("Microsoft.KeyVault/vaults/keys/wrap/action" in one["dataActions"] for one in found)


def test_what_lingers_at_a_management_group_is_of_the_data_plane_alone(sandbox: Running) -> None:
    name = str(uuid.uuid4())
    officer = roles.role_id("Key Vault Crypto Officer")
    assert put(sandbox, ROOT, oid(sandbox, "worker"), name=name, roleDefinitionId=officer).status_code == 201
    sandbox.advance(300)
    (before,) = permissions(sandbox, KEY, "worker")
    assert before["actions"]
    sandbox.arm("DELETE", f"{ROOT}/{AUTHORIZATION}/roleAssignments/{name}", VERSION)
    sandbox.advance(301)
    (after,) = permissions(sandbox, KEY, "worker")
    assert (after["actions"], after["dataActions"]) == ([], before["dataActions"])


def test_deny_assignments_and_schedules_are_listed(sandbox: Running) -> None:
    worker = oid(sandbox, "worker")

    def lay(world: World) -> None:
        make_eligibility(world, scope=estate.VAULT, role="Key Vault Crypto User", principal_id=worker)
        make_assignment(world, scope=KEY, role="Key Vault Crypto User", principal_id=worker)

    sandbox.do(lay)
    authorization = client(sandbox)
    assert list(authorization.deny_assignments.list_for_scope(KEY, filter="atScope()")) == []
    text = f"principalId eq '{worker}'"
    (eligible,) = authorization.role_eligibility_schedule_instances.list_for_scope(KEY, filter=text)
    assert (eligible.scope, eligible.principal_id) == (estate.VAULT, worker)
    (active,) = authorization.role_assignment_schedule_instances.list_for_scope(KEY, filter=text)
    assert (active.scope, active.assignment_type) == (KEY, "Assigned")
    assert (
        list(authorization.role_eligibility_schedule_instances.list_for_scope(estate.GROUP, filter="atScope()")) == []
    )
