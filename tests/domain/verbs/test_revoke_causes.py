"""What happened decides what is done: a service is cut, a leak contained, an account stripped, a doubt kept small."""

from dataclasses import replace

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Principal, RoleDefinition
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs.revoke import Cause, RevokeDraft, plan
from tests.domain import estates
from tests.domain.estates import ME, MYSQL, MYSQL_ID, MYSQL_KEY, MYSQL_SCOPE, PREMIUM, SINGLE_ID

EVE = "70000000-0000-0000-0000-000000000001"
BACKUP = RoleDefinition(
    id="/providers/Microsoft.Authorization/roleDefinitions/12338af0-0e69-4776-bea7-57ae8d297424",
    name="Key Vault Crypto User",
    data_actions=("Microsoft.KeyVault/vaults/keys/backup/action", "Microsoft.KeyVault/vaults/keys/unwrap/action"),
)


def with_eve(*scopes: str) -> Estate:
    grants = [estates.grant(60 + n, scope, EVE, BACKUP, "User") for n, scope in enumerate(scopes)]
    estate = estates.with_grants(*grants, principals=(Principal(object_id=EVE, kind="User", name="Eve"),))
    return replace(estate, role_definitions=(*estate.role_definitions, BACKUP))


def revoke(cause: Cause, estate: Estate, **more: object) -> Plan:
    return plan(RevokeDraft(key=MYSQL_KEY.id, cause=cause, **more), Index(estate))  # type: ignore[arg-type]


def holders(found: Plan) -> set[object]:
    return {(step.before or {}).get("principal_id") for step in found.steps}


def test_a_leaked_key_is_contained_before_anything_is_disabled() -> None:
    found = revoke(Cause.KEY_LEAKED, with_eve(MYSQL_SCOPE))
    assert holders(found) == {EVE}
    assert {step.verb for step in found.steps} == {StepVerb.REMOVE_ASSIGNMENT}
    assert (found.cause, found.method) == ("key-leaked", "grants")
    assert "leaked" in found.why
    assert [word in " ".join(found.next) for word in ("new key", "dcc-mysql", "disable", "Copies")] == [True] * 4
    assert found.effects == ()


def test_a_leak_takes_nothing_from_the_account_that_contains_it_nor_from_the_services() -> None:
    found = revoke(Cause.KEY_LEAKED, with_eve(PREMIUM.id))
    assert not holders(found) & {ME, MYSQL_ID, SINGLE_ID}


def test_a_leaks_title_says_what_is_done_and_a_warning_that_you_can_still_take_the_key_out() -> None:
    mine = estates.grant(71, PREMIUM.id, ME, BACKUP, "User")
    estate = with_eve(MYSQL_SCOPE)
    others = tuple(one for one in estate.role_assignments if one.principal_id != ME)
    found = revoke(Cause.KEY_LEAKED, replace(estate, role_assignments=(*others, mine)))
    assert found.title == "Contain mysql-encryption-key: take the right from 1 account that could take it out"
    (said,) = (one for one in found.warnings if "You can still take mysql-encryption-key out" in one)
    assert f"as {estate.account.name}" in said
    assert "dcc-premium" in said
    without = revoke(Cause.KEY_LEAKED, replace(estate, role_assignments=others))
    assert not any("You can still" in one for one in without.warnings)
    assert revoke(Cause.KEY_LEAKED, estates.dcc()).title == "Contain mysql-encryption-key"


def test_copies_of_a_leaked_key_are_named() -> None:
    twin = replace(estates.AKS_KEY, thumbprint="ab")
    own = replace(MYSQL_KEY, thumbprint="ab")
    found = revoke(Cause.KEY_LEAKED, replace(with_eve(MYSQL_SCOPE), keys=(own, twin)))
    assert "aks-encryption-key of dcc-premium" in found.next[-1]


def test_a_suspect_account_loses_what_it_may_do_and_may_grant() -> None:
    owner = estates.grant(70, PREMIUM.id, EVE, estates.OWNER, "User")
    estate = with_eve(MYSQL_SCOPE)
    estate = replace(estate, role_assignments=(*estate.role_assignments, owner))
    found = revoke(Cause.OPERATOR, estate, principals=(EVE,))
    assert holders(found) == {EVE}
    assert len(found.steps) == 2
    assert found.title == "Cut Eve off mysql-encryption-key"
    assert found.problems == ()


def test_no_suspect_named_is_asked_for_with_those_who_could_grant() -> None:
    found = revoke(Cause.OPERATOR, estates.dcc())
    assert "administrator" in found.problems[0]
    assert found.regrants


def test_a_suspect_account_is_not_cut_by_itself() -> None:
    assert "another one" in revoke(Cause.OPERATOR, estates.dcc(), principals=(ME,)).problems[0]


def test_what_is_wider_than_the_vault_is_left_to_a_choice() -> None:
    found = revoke(Cause.OPERATOR, with_eve(f"/subscriptions/{estates.SUB}"), principals=(EVE,))
    assert found.steps == ()
    assert [one.chosen for one in found.choices] == [False]
    assert "choose" in found.problems[0]


def test_what_is_not_known_disables_nothing() -> None:
    found = revoke(Cause.UNKNOWN, estates.dcc())
    assert holders(found) == {MYSQL_ID, SINGLE_ID}
    assert [one.name for one in found.methods if one.recommended] == ["grants"]


def test_a_method_that_is_named_is_taken_whatever_happened() -> None:
    found = revoke(Cause.KEY_LEAKED, estates.dcc(), method="disable")
    assert {step.verb for step in found.steps} == {StepVerb.SET_ENABLED}


def test_an_identity_is_cut_with_the_services_that_use_it() -> None:
    found = revoke(Cause.SERVICE, estates.dcc(), principals=(MYSQL_ID,))
    assert holders(found) == {MYSQL_ID}
    assert [(one.consumer_name, one.wanted) for one in found.effects] == [("dcc-mysql", True)]
    assert found.effects[0].consumer_id == MYSQL.id


def test_what_else_an_identity_holds_is_said_and_not_touched() -> None:
    reads = estates.grant(80, f"/subscriptions/{estates.SUB}", MYSQL_ID, estates.READER)
    found = revoke(Cause.SERVICE, estates.with_grants(reads), consumers=(MYSQL.id,))
    assert found.findings == ("The identity dcc-mysql-id also holds 1 other assignment, not touched.",)
