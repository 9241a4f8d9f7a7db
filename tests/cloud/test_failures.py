"""Errors in words: what happened, to what, why, and what to do next."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.cloud.failures import from_answer, from_error, retry_after_of, role_for
from cmk_admin.domain.errors import FailureKind

VAULT = "https://contoso.vault.azure.net/keys/k/?api-version=2025-07-01"
ARM = "https://management.azure.com/subscriptions/s/resourceGroups/g?api-version=2021-04-01"


def error(code: str, message: str = "", inner: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"code": code, "message": message}
    if inner:
        body["innererror"] = {"code": inner}
    return {"error": body}


def test_a_firewall_is_unreachable_not_forbidden() -> None:
    body = error(
        "Forbidden", "Client address is not authorized and caller is not a trusted service", "ForbiddenByFirewall"
    )
    found = from_answer("GET", VAULT, 403, {"x-ms-request-id": "r1"}, body)
    assert (found.kind, found.azure_code, found.request_id) == (FailureKind.UNREACHABLE, "ForbiddenByFirewall", "r1")
    assert "contoso.vault.azure.net" in found.message


def test_a_missing_role_is_named_with_its_scope() -> None:
    message = (
        "Caller is not authorized to perform action on resource.\r\nCaller: appid=x;oid=y\r\n"
        "Action: 'Microsoft.KeyVault/vaults/keys/read'\r\nResource: '/subscriptions/s/resourcegroups/g/"
        "providers/microsoft.keyvault/vaults/v'\r\nAssignment: (not found)"
    )
    found = from_answer("GET", VAULT, 403, {}, error("Forbidden", message, "ForbiddenByRbac"))
    assert found.kind is FailureKind.FORBIDDEN
    assert "Key Vault Reader" in found.message
    assert found.message.startswith("The account may not read the key k (Microsoft.KeyVault/vaults/keys/read)")
    assert found.message.endswith(": the role Key Vault Reader is missing on vault v.")


SCOPE = "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/keys/k"
GRANT = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/00000000-1111-2222-3333-444444444444?api-version=1"
SERVER = (
    "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.DBforMySQL/flexibleServers/m"
)


@pytest.mark.parametrize(
    ("method", "url", "wish", "role"),
    [
        ("DELETE", GRANT, "remove the role assignment on k", "User Access Administrator"),
        ("PUT", f"{SERVER}?api-version=1", "change the flexible server m", "Contributor"),
        ("POST", f"{SERVER}/stop?api-version=1", "do “stop” of the flexible server m", "Contributor"),
        ("GET", f"{SERVER}?api-version=1", "read the flexible server m", "Reader"),
        ("PATCH", VAULT, "change the key k", "Key Vault Crypto Officer"),
        ("GET", ARM, "read the resource group g", "Reader"),
    ],
)
def test_what_is_refused_is_named_in_words_with_the_role_that_allows_it(
    method: str, url: str, wish: str, role: str
) -> None:
    found = from_answer(method, url, 403, {}, error("Forbidden", "Not here."))
    assert found.message == f"The account may not {wish}: Not here."
    assert f"the role {role} is missing" in str(found.next)


ID = "e87dbe07-0000-4000-8000-000000000001"
SUBSCRIPTION = f"https://management.azure.com/subscriptions/{ID}"
BEGUN = f"{SUBSCRIPTION}/providers/Microsoft.DBforMySQL/locations/westeurope/azureAsyncOperation/{ID}?api-version=1"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        (GRANT, "the role assignment on k"),
        (
            f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{ID}",
            f"role assignment on subscription {ID}",
        ),
        (f"{SUBSCRIPTION}?api-version=1", f"the subscription {ID}"),
        ("https://contoso.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef", "the key k"),
        (BEGUN, "the operation that Azure had begun"),
        (f"{SERVER}?api-version=1", "m"),
    ],
)
def test_no_id_stands_alone_for_what_was_refused(url: str, what: str) -> None:
    assert what in from_answer("PUT", url, 400, {}, error("Bad", "Not so.")).message
    assert "There is no the" not in from_answer("GET", url, 404, {}, None).message


def test_what_azure_had_begun_is_told_of_the_resource_that_it_changes() -> None:
    server = SERVER.removeprefix("https://management.azure.com")
    found = from_answer("GET", BEGUN, 400, {}, error("Bad", "Caller is not authorized"), about=server)
    assert (found.message, found.subject) == ("Azure answered 400 for m: Caller is not authorized", server)


def test_where_a_policy_forbids_it_no_role_is_named() -> None:
    assert from_answer("PUT", ARM, 403, {}, error("RequestDisallowedByPolicy", "A policy.")).next is None


def test_a_lock_is_told_as_one() -> None:
    found = from_answer("DELETE", ARM, 409, {}, error("ScopeLocked", "The scope cannot perform delete operation"))
    assert found.kind is FailureKind.LOCKED


def test_a_write_that_azure_failed_at_may_have_been_done() -> None:
    assert from_answer("PUT", ARM, 500, {}, None).kind is FailureKind.LOST
    assert from_answer("PUT", ARM, 504, {}, None).kind is FailureKind.LOST
    assert from_answer("PUT", ARM, 503, {}, None).kind is FailureKind.FAILED
    assert from_answer("GET", ARM, 500, {}, None).kind is FailureKind.FAILED


@pytest.mark.parametrize(
    ("action", "role"),
    [
        ("Microsoft.KeyVault/vaults/keys/read", "Key Vault Reader"),
        ("Microsoft.KeyVault/vaults/keys/update/action", "Key Vault Crypto Officer"),
        ("Microsoft.Authorization/roleAssignments/delete", "User Access Administrator"),
        ("Microsoft.KeyVault/vaults/accessPolicies/write", "Key Vault Contributor"),
        ("Microsoft.DBforMySQL/flexibleServers/read", "Reader"),
        ("Microsoft.DBforMySQL/flexibleServers/write", "Contributor"),
    ],
)
def test_the_least_role_for_an_action_is_told(action: str, role: str) -> None:
    assert role_for(action) == role


def test_waiting_is_read_from_both_headers() -> None:
    assert retry_after_of({"Retry-After": "7"}) == 7
    quota = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:05"}
    assert retry_after_of(quota) == 5
    assert retry_after_of({**quota, "x-ms-user-quota-remaining": "3"}) is None
    assert retry_after_of({}) is None


def test_an_error_of_the_network_is_lost_for_a_write_and_unreachable_for_a_read() -> None:
    assert from_error(TimeoutError(), "PUT", ARM, write=True).kind is FailureKind.LOST
    assert from_error(TimeoutError(), "GET", ARM, write=False).kind is FailureKind.UNREACHABLE


@given(
    method=st.sampled_from(["GET", "PUT", "DELETE", "PATCH", "POST"]),
    status=st.integers(400, 599),
    body=st.none()
    | st.dictionaries(
        st.just("error"),
        st.none()
        | st.text()
        | st.dictionaries(
            st.sampled_from(["code", "message", "details", "innererror"]),
            st.text() | st.none() | st.lists(st.text(), max_size=2),
        ),
    ),
    url=st.sampled_from([VAULT, ARM, "https://graph.microsoft.com/v1.0/groups/g"]),
)
def test_every_answer_becomes_a_sentence(method: str, status: int, body: Any, url: str) -> None:
    found = from_answer(method, url, status, {}, body)
    assert found.status == status
    assert found.message.strip()
    assert "api-version" not in f"{found.message}{found.subject}"
