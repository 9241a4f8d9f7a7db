"""Conditions: certain or nothing."""

import pytest

from cmk_admin.sandbox.conditions import holds

WRITE = "Microsoft.Authorization/roleAssignments/write"
DELETE = "Microsoft.Authorization/roleAssignments/delete"
ROLE = "microsoft.authorization/roleassignments:roledefinitionid"
TYPE = "microsoft.authorization/roleassignments:principaltype"
ONLY_ROLE_A = (
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
    "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {aaaa, bbbb} "
    "AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] "
    "ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))"
)


@pytest.mark.parametrize(
    ("action", "attributes", "expected"),
    [
        (WRITE, {ROLE: "AAAA", TYPE: "ServicePrincipal"}, True),
        (WRITE, {ROLE: "bbbb", TYPE: "serviceprincipal"}, True),
        (WRITE, {ROLE: "cccc", TYPE: "ServicePrincipal"}, False),
        (WRITE, {ROLE: "aaaa", TYPE: "User"}, False),
        (WRITE, {ROLE: "aaaa"}, False),
        (WRITE, {}, False),
        (DELETE, {}, True),
        ("Microsoft.KeyVault/vaults/read", {}, True),
    ],
)
def test_a_constrained_delegation_holds_for_its_roles_and_principals(
    action: str, attributes: dict[str, str], expected: bool
) -> None:
    assert holds(ONLY_ROLE_A, action, attributes) is expected


def test_roles_can_be_excepted() -> None:
    but = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {aaaa}"
    assert holds(but, WRITE, {ROLE: "bbbb"})
    assert not holds(but, WRITE, {ROLE: "aaaa"})
    assert not holds(but, WRITE, {})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(",
        "ActionMatches{'*'} AND",
        "ActionMatches{'*'})",
        "ActionMatches{'*'} ActionMatches{'*'}",
        "@Resource[Microsoft.Storage/x:name] StringLike 'a*'",
        "Exists @Principal[x]",
        "@Request[a:b] ForAnyOfAnyValues:NumericEquals {1}",
    ],
)
def test_what_is_not_understood_never_holds(text: str) -> None:
    assert not holds(text, WRITE, {ROLE: "aaaa"})


def test_an_unknown_half_does_not_spoil_what_is_certain() -> None:
    unknown = "@Request[a:b] ForAnyOfAnyValues:GuidEquals {1}"
    assert holds(f"ActionMatches{{'*'}} OR {unknown}", WRITE, {})
    assert not holds(f"ActionMatches{{'*'}} AND {unknown}", WRITE, {})
    assert not holds(f"!({unknown})", WRITE, {})
