"""Paths and their handlers: the most literal route wins, and scopes are cut where ARM cuts them."""

import pytest

from cmk_admin.sandbox.router import Router, check_version, provider_and_type, scope_of
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

SUB = "/subscriptions/00000000-0000-0000-0000-000000000001"
VAULT = f"{SUB}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"


async def handler(call: Call) -> Answer:
    return Answer()


@pytest.fixture
def routes() -> Routes:
    return Routes()


def found(routes: Routes, method: str, path: str, plane: str = "vault") -> str | None:
    match = Router(routes).find(plane, method, path)
    return match[0].template if match else None


def test_the_most_literal_route_wins_whatever_the_order(routes: Routes) -> None:
    for template in ("/keys/{name}/{version}", "/keys/{name}/versions", "/keys/{name}", "/keys/restore"):
        routes.vault("GET", template)(handler)
    assert found(routes, "GET", "/keys/k/versions") == "/keys/{name}/versions"
    assert found(routes, "GET", "/keys/k/0123") == "/keys/{name}/{version}"
    assert found(routes, "GET", "/keys/restore") == "/keys/restore"
    assert found(routes, "GET", "/KEYS/k") == "/keys/{name}"
    assert found(routes, "GET", "/keys/k/v/w") is None
    assert found(routes, "POST", "/keys/k") is None


def test_names_keep_their_spelling(routes: Routes) -> None:
    routes.vault("GET", "/keys/{name}")(handler)
    match = Router(routes).find("vault", "GET", "/Keys/MyKey")
    assert match is not None
    assert match[1] == {"name": "MyKey"}


def test_a_head_is_answered_as_its_get_unless_it_has_a_route_of_its_own(routes: Routes) -> None:
    routes.vault("GET", "/a")(handler)
    routes.vault("GET", "/b")(handler)
    routes.vault("HEAD", "/b")(handler)
    router = Router(routes)
    for path, method in (("/a", "GET"), ("/b", "HEAD")):
        match = router.find("vault", "HEAD", path)
        assert match is not None
        assert match[0].method == method


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/subscriptions", "/"),
        (SUB, SUB),
        (f"{SUB}/resources", SUB),
        (f"{SUB}/resourceGroups", SUB),
        (f"{SUB}/resourceGroups/g", f"{SUB}/resourceGroups/g"),
        (f"{SUB}/resourceGroups/g/resources", f"{SUB}/resourceGroups/g"),
        (f"{SUB}/providers/Microsoft.KeyVault/vaults", SUB),
        (f"{SUB}/resourceGroups/g/providers/Microsoft.KeyVault/vaults", f"{SUB}/resourceGroups/g"),
        (VAULT, VAULT),
        (f"{VAULT}/keys", VAULT),
        (f"{VAULT}/keys/k", f"{VAULT}/keys/k"),
        (f"{VAULT}/accessPolicies/add", f"{VAULT}/accessPolicies/add"),
        (f"{VAULT}/providers/Microsoft.Authorization/roleAssignments", VAULT),
        (
            f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/a",
            f"{VAULT}/providers/Microsoft.Authorization/roleAssignments/a",
        ),
        (
            f"{SUB}/resourceGroups/g/providers/Microsoft.DBforMySQL/flexibleServers/s/start",
            f"{SUB}/resourceGroups/g/providers/Microsoft.DBforMySQL/flexibleServers/s",
        ),
        ("/providers/Microsoft.Management/managementGroups/m", "/providers/Microsoft.Management/managementGroups/m"),
        ("/providers/Microsoft.Management/managementGroups", "/"),
    ],
)
def test_a_path_acts_at_the_scope_that_arm_names(path: str, scope: str) -> None:
    assert scope_of(path) == scope


def test_the_type_of_a_nested_resource_is_told() -> None:
    assert provider_and_type(f"{VAULT}/keys/k") == ("Microsoft.KeyVault", "vaults/keys")
    assert provider_and_type(SUB) == (None, "")


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("2021-05-01", True),
        ("2022-01-01-preview", True),
        ("2023-12-30", True),
        ("2021-04-30", False),
        ("2024-01-01", False),
        ("2022", False),
        ("7.4", False),
    ],
)
def test_api_versions_between_the_oldest_and_the_newest_are_known(routes: Routes, version: str, good: bool) -> None:
    routes.arm("GET", f"{SUB}/providers/Microsoft.X/things", action=None, versions=("2021-05-01", "2023-12-30"))(
        handler
    )
    (route,) = routes.all
    if good:
        check_version(route, route.template, version)
        return
    with pytest.raises(AzureError) as refused:
        check_version(route, route.template, version)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("7.0", True),
        ("7.4", True),
        ("7.6-preview.2", True),
        ("2016-10-01", True),
        ("2025-07-01", True),
        ("7.9", False),
        ("2030-01-01", False),
        (None, False),
    ],
)
def test_a_vault_knows_its_old_numbers_too(routes: Routes, version: str | None, good: bool) -> None:
    routes.vault("GET", "/keys")(handler)
    (route,) = routes.all
    if good:
        check_version(route, "/keys", version)
        return
    with pytest.raises(AzureError) as refused:
        check_version(route, "/keys", version)
    assert (refused.value.status, refused.value.code) == (400, "BadParameter")
