"""Each way to take a key away: what it does, whom it hits, when it cannot be done."""

from dataclasses import replace

import pytest

from cmk_admin.domain.access import paths
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, KeyVersion, Lock, PrivateEndpoint, RoleDefinition
from cmk_admin.domain.plan import Answer, Method, PathState, Plan
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.surroundings import Surroundings, VaultContents
from cmk_admin.domain.verbs import changes, cuts, restore
from cmk_admin.domain.verbs.revoke import RevokeDraft, plan
from tests.domain import estates
from tests.domain.estates import AKS, DES, MYSQL, MYSQL_ID, MYSQL_KEY, PREMIUM, SINGLE, STANDARD

WAYS = ("grants", "disable", "operations", "firewall", "delete")


def revoke(
    method: str | None = None, *consumers: str, estate: Estate | None = None, around: Surroundings | None = None
) -> Plan:
    draft = RevokeDraft(key=MYSQL_KEY.id, consumers=consumers, method=method)
    return plan(draft, Index(estate or readable()), around)


def readable(*operations: str) -> Estate:
    """The estate with the operations of every version of the database's key."""
    known = tuple(sorted(operations or ("unwrapKey", "wrapKey")))
    versions = tuple(replace(one, operations=known) for one in MYSQL_KEY.versions or ())
    return with_key(versions=versions)


def with_key(**facts: object) -> Estate:
    estate = estates.dcc()
    changed = replace(MYSQL_KEY, **facts)  # type: ignore[arg-type]
    return replace(estate, keys=tuple(changed if key.id == changed.id else key for key in estate.keys))


def methods(found: Plan) -> dict[str, Method]:
    return {one.name: one for one in found.methods}


def test_every_method_is_shown_and_says_what_it_is() -> None:
    found = methods(revoke(None, MYSQL.id))
    assert tuple(found) == (*WAYS, "expiry")
    assert [one.name for one in found.values() if one.recommended] == ["grants"]
    assert all(found[name].possible and found[name].survives and found[name].undone for name in WAYS)
    assert (found["grants"].within_seconds, found["firewall"].within_seconds) == (600, 900)


def test_a_method_says_in_how_many_acts_it_closes_and_not_when_nor_for_whom_it_cannot() -> None:
    private = PrivateEndpoint(name="pe", endpoint_id=None, status="Approved")
    own = replace(PREMIUM, private_endpoints=(private,))
    estate = readable()
    plain = methods(revoke(estate=estate))
    assert plain["disable"].reason == "Closes every path in one act"
    assert (plain["firewall"].reason or "").startswith(
        "Closes every path in one act, but for approved private endpoints and what its own rules let in"
    )
    vaults = tuple(own if one.id == own.id else one for one in estate.vaults)
    private_one = methods(revoke(estate=replace(estate, vaults=vaults)))["firewall"]
    assert "Closes every path" not in (private_one.reason or "")


def test_expiry_is_shown_as_what_it_is_not() -> None:
    expiry = methods(revoke())["expiry"]
    assert not expiry.possible
    assert not expiry.recommended
    assert "still unwraps" in (expiry.reason or "")
    assert revoke("expiry").problems


@pytest.mark.parametrize("method", WAYS)
def test_what_takes_away_has_an_undo_that_gives_back(method: str) -> None:
    found = revoke(method, MYSQL.id)
    assert found.problems == ()
    for step in found.steps:
        back = changes.inverse(step)
        assert restore.takes_away(step)
        assert back is not None
        assert not restore.takes_away(back)
        again = changes.inverse(back)
        assert again is not None
        assert (back.after, again.after, again.request) == (step.before, step.after, step.request)


def test_operations_keep_what_does_not_open_a_data_key() -> None:
    found = revoke("operations", estate=readable("decrypt", "encrypt", "unwrapKey", "wrapKey"))
    assert [step.verb for step in found.steps] == [StepVerb.SET_OPERATIONS] * 2
    assert all(step.after == {"operations": ["encrypt", "wrapKey"]} for step in found.steps)
    assert found.title == "Take unwrapKey and decrypt from 2 versions of mysql-encryption-key"


def test_operations_that_were_not_read_are_left_to_the_check() -> None:
    found = revoke("operations", estate=estates.dcc())
    assert "the check with Azure reads it" in found.problems[0]


def test_operations_that_open_nothing_are_so_already() -> None:
    assert "so already" in revoke("operations", estate=readable("wrapKey")).problems[0]


def test_a_firewall_hits_every_service_of_the_vault_and_counts_what_else_is_in_it() -> None:
    contents = {fold(PREMIUM.id): VaultContents(secrets=3, certificates=1)}
    around = Surroundings(now=estates.NOW, contents=contents)
    found = revoke("firewall", MYSQL.id, around=around)
    (step,) = found.steps
    assert (step.target, step.after) == (PREMIUM.id, {"default_action": "Deny", "bypass": "None"})
    assert step.before == {"default_action": "Allow", "bypass": "AzureServices"}
    assert [one.consumer_name for one in found.effects if one.wanted] == ["dcc-mysql"]
    assert {one.consumer_name for one in found.effects if not one.wanted} == {"dcc-mysql-single", "dcc-des", "dcc-aks"}
    assert "3 secrets and 1 certificate" in methods(found)["firewall"].others
    assert "private endpoint" in methods(found)["firewall"].survives


@pytest.mark.parametrize("bypass", [True, False])
def test_a_firewall_that_still_lets_trusted_services_in_is_not_shut(bypass: bool) -> None:
    half = replace(PREMIUM, default_deny=True, trusted_bypass=bypass)
    found = revoke("firewall", estate=replace(readable(), vaults=(half, STANDARD)))
    if bypass:
        (step,) = found.steps
        assert step.before == {"default_action": "Deny", "bypass": "AzureServices"}
        assert step.after == {"default_action": "Deny", "bypass": "None"}
    else:
        assert "shut already, to trusted services too" in found.problems[0]


def test_a_vault_with_nothing_but_keys_has_nothing_else_out_of_reach() -> None:
    around = Surroundings(now=estates.NOW, contents={fold(PREMIUM.id): VaultContents(secrets=0, certificates=0)})
    found = revoke("firewall", MYSQL.id, around=around)
    assert "secret" not in methods(found)["firewall"].others
    assert not any("secret" in one or not one for one in found.warnings)
    around = replace(around, contents={fold(PREMIUM.id): VaultContents(secrets=None, certificates=0)})
    assert (
        "unknown number of secrets (could not be read)."
        in methods(revoke("firewall", around=around))["firewall"].others
    )


@pytest.mark.parametrize(
    ("endpoints", "states"),
    [
        (None, {PathState.UNKNOWN}),
        ((PrivateEndpoint(name="pe", endpoint_id=None, status=None),), {PathState.UNKNOWN}),
        (
            (PrivateEndpoint(name="pe", endpoint_id=None, status="Approved"),),
            {PathState.UNKNOWN, PathState.STAYS_OPEN},
        ),
        ((PrivateEndpoint(name="pe", endpoint_id=None, status="Rejected"),), {PathState.WILL_CLOSE}),
    ],
)
def test_a_firewall_promises_nothing_where_a_private_endpoint_passes_or_is_not_known(
    endpoints: tuple[PrivateEndpoint, ...] | None, states: set[PathState]
) -> None:
    vault = replace(estates.PREMIUM, private_endpoints=endpoints)
    others = tuple(one for one in estates.dcc().vaults if one.id != vault.id)
    found = revoke("firewall", estate=replace(estates.dcc(), vaults=(vault, *others)))
    assert {path.state for path in found.paths if path.kind == "use"} == states
    certain = states == {PathState.WILL_CLOSE}
    assert all(("unless it goes on" in one.stops) is not certain for one in found.effects)
    assert found.effects


def test_a_firewall_says_that_the_rest_of_the_vault_could_not_be_read() -> None:
    assert "could not be read" in methods(revoke())["firewall"].others


def test_a_deleted_key_can_be_recovered_or_is_not_deleted() -> None:
    (step,) = revoke("delete").steps
    assert (step.verb, step.target, step.after) == (StepVerb.DELETE_KEY, str(MYSQL_KEY.id), None)
    hard = replace(estates.dcc(), vaults=(replace(PREMIUM, soft_delete_days=None), STANDARD))
    assert "gone for good" in revoke("delete", estate=hard).problems[0]
    assert not any("purge" in step.words.lower() for step in revoke("delete").steps)


@pytest.mark.parametrize("method", ["disable", "operations", "delete"])
def test_a_certificates_key_is_nobodys_to_shut(method: str) -> None:
    estate = with_key(managed=True, versions=readable().keys[0].versions)
    found = revoke(method, estate=estate)
    assert "certificate" in found.problems[0]
    assert not methods(found)[method].recommended


def test_a_vault_is_never_recommended_to_be_shut_for_one_key() -> None:
    """Where nothing else can be done either: it takes every other key, secret and certificate along."""
    certificate = with_key(managed=True, versions=readable().keys[0].versions)
    wide = estates.grant(50, f"/subscriptions/{estates.SUB}", MYSQL_ID)
    found = revoke(None, MYSQL.id, estate=replace(certificate, role_assignments=(wide,)))
    assert [name for name, one in methods(found).items() if one.possible] == ["firewall"]
    assert not any(one.recommended for one in found.methods)


def test_a_wide_grant_makes_disabling_the_better_way() -> None:
    wide = estates.grant(50, f"/subscriptions/{estates.SUB}", MYSQL_ID)
    found = revoke(None, MYSQL.id, estate=estates.with_grants(wide))
    assert [one.name for one in found.methods if one.recommended] == ["disable"]
    assert found.method == "grants"


def test_previous_and_geo_keys_of_a_service_are_cut_with_it() -> None:
    spare = estates.key(PREMIUM, "spare-key")
    scope = estates.MYSQL_SCOPE.replace("mysql-encryption-key", "spare-key")
    geo = replace(MYSQL, slots=(*MYSQL.slots, estates.slot(spare, MYSQL_ID, name="geo")))
    base = estates.with_grants(estates.grant(50, scope, MYSQL_ID))
    estate = replace(base, keys=(*base.keys, spare), consumers=(geo, SINGLE, DES, AKS))
    cut = revoke(None, MYSQL.id, estate=estate)
    assert {step.target for step in cut.steps} == {
        f"{one.id}" for one in base.role_assignments if one.principal_id == MYSQL_ID
    }
    assert [value for name, value in cut.context if name == "key"] == [str(MYSQL_KEY.id), str(spare.id)]
    disabled = revoke("disable", MYSQL.id, estate=estate)
    assert len(disabled.steps) == 4
    shared = replace(estate, consumers=(geo, SINGLE, replace(DES, slots=(estates.slot(spare, estates.DES_ID),)), AKS))
    alone = revoke("disable", MYSQL.id, estate=shared)
    assert len(alone.steps) == 2
    assert any("spare-key" in one and "dcc-des" in one for one in alone.warnings)


def test_a_grant_above_all_has_no_documented_bound_at_a_management_group() -> None:
    wide = estates.grant(50, estates.MG, MYSQL_ID)
    draft = RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id,), choices=(f"remove:{wide.id}",))
    found = plan(draft, Index(estates.with_grants(wide)))
    assert [step.effect_seconds for step in found.steps] == [600, None]
    assert found.watches[0].within_seconds is None
    assert any("several hours" in one for one in found.warnings)


def test_effects_say_how_long_a_service_stays_up_or_that_nobody_knows() -> None:
    odd = replace(SINGLE, service="odd-service")
    found = revoke("disable", estate=replace(readable(), consumers=(MYSQL, odd)))
    assert (found.effects[0].within_seconds, found.effects[0].adds_up) == (600, "")
    assert found.effects[1].stops == "Effect unknown; how long it stays up meanwhile is not known"
    assert found.effects[1].within_seconds is None


def test_of_several_grants_the_one_that_counts_last_sets_the_bound() -> None:
    index = Index(readable())
    (own,) = paths(index, MYSQL_KEY.id, MYSQL_ID)
    (entry,) = paths(index, estates.SOFT_KEY.id, estates.SINGLE_ID)
    lot = cuts.Lot(consumer=MYSQL, wanted=True, closed=(own, entry))
    closing = {cuts.grant_of(own): 600, cuts.grant_of(entry): None}
    steps = {
        grant or "": Step(
            verb=StepVerb.REMOVE_ASSIGNMENT, target="/t", words="w", undo_words=None, effect_seconds=one or 0
        )
        for grant, one in closing.items()
    }
    assert cuts.bound(lot, steps) == 600 + 600


def test_two_times_that_add_up_say_how() -> None:
    (effect,) = revoke(None, MYSQL.id).effects
    assert effect.within_seconds == 1200
    assert effect.adds_up == "10 minutes for the grant, then up to 10 minutes for the service"
    assert "meanwhile" not in effect.stops


def test_versions_are_the_ones_that_stand_there() -> None:
    found = revoke("disable")
    assert {step.target for step in found.steps} == {str(one.id) for one in MYSQL_KEY.versions or () if on(one)}


def on(version: KeyVersion) -> bool:
    return version.enabled


def test_the_other_identities_of_a_service_lose_their_grants_too() -> None:
    spare = "20000000-0000-0000-0000-000000000009"
    carrying = replace(MYSQL, carries=(MYSQL_ID, spare))
    base = estates.with_grants(estates.grant(50, estates.MYSQL_SCOPE, spare))
    found = revoke(None, MYSQL.id, estate=replace(base, consumers=(carrying, SINGLE, DES, AKS)))
    assert {path.principal for path in found.paths} == {MYSQL_ID, spare}
    assert {path.state for path in found.paths} == {PathState.WILL_CLOSE}


def test_a_copy_of_the_key_elsewhere_is_a_path_that_stays_open() -> None:
    twin = replace(estates.AKS_KEY, thumbprint="ab")
    base = estates.with_grants(estates.grant(50, estates.AKS_SCOPE, MYSQL_ID))
    estate = replace(base, keys=(replace(MYSQL_KEY, thumbprint="ab"), twin))
    for method in ("grants", "disable"):
        found = revoke(method, MYSQL.id, estate=estate)
        (copy,) = [path for path in found.paths if path.kind == "copy" and path.principal == MYSQL_ID]
        assert (copy.state, copy.step) == (PathState.STAYS_OPEN, None)
        assert "aks-encryption-key" in (copy.reason or "")


def test_a_conditional_grant_counts_as_open_and_shows_its_condition() -> None:
    bound = replace(estates.grant(50, estates.GROUP, MYSQL_ID), condition="@Resource[x] StringEquals 'y'")
    found = revoke(None, MYSQL.id, estate=estates.with_grants(bound))
    assert [path.condition for path in found.paths] == [None, bound.condition]
    assert found.paths[1].state is PathState.STAYS_OPEN


def test_a_key_with_many_users_and_grants_is_planned_for_all_of_them() -> None:
    estate = estates.busy_key(consumers=40, assignments=400)
    found = plan(RevokeDraft(key=MYSQL_KEY.id, consumers=tuple(one.id for one in estate.consumers)), Index(estate))
    assert (len(found.steps), len(found.effects), len(found.paths)) == (40, 40, 40)


DECRYPTS = RoleDefinition(
    id="/providers/Microsoft.Authorization/roleDefinitions/90000000-0000-0000-0000-000000000001",
    name="Only decrypts",
    data_actions=("Microsoft.KeyVault/vaults/keys/decrypt/action",),
)


def test_a_service_is_not_said_to_go_on_by_a_way_that_is_not_sure_to_let_it_in() -> None:
    """Another operation than the service asks for, or a condition: the way is open, and the service may stop."""
    other = estates.grant(50, estates.GROUP, MYSQL_ID, DECRYPTS)
    bound = replace(estates.grant(50, estates.GROUP, MYSQL_ID), condition="@Resource[x] StringEquals 'y'")
    for left in (other, bound):
        base = estates.with_grants(left)
        found = revoke(None, MYSQL.id, estate=replace(base, role_definitions=(*base.role_definitions, DECRYPTS)))
        (effect,) = found.effects
        assert not effect.goes_on
        assert "unless it can live on what stays open" in effect.stops
        assert found.open_paths
    sure = revoke(None, MYSQL.id, estate=estates.with_grants(estates.grant(50, estates.GROUP, MYSQL_ID)))
    assert [effect.goes_on for effect in sure.effects] == [True]


def test_a_service_does_not_go_on_by_what_is_left_to_its_other_identity() -> None:
    spare = "20000000-0000-0000-0000-000000000009"
    geo = replace(MYSQL, slots=(*MYSQL.slots, estates.slot(MYSQL_KEY, spare, name="geo")))
    base = estates.with_grants(estates.grant(50, estates.GROUP, spare))
    found = revoke(None, MYSQL.id, estate=replace(base, consumers=(geo, SINGLE, DES, AKS)))
    (effect,) = found.effects
    assert not effect.goes_on
    assert [path.principal for path in found.open_paths] == [spare]


def test_a_service_that_is_left_such_a_way_counts_as_cut_as_well() -> None:
    other = replace(SINGLE, slots=(estates.slot(estates.AKS_KEY, MYSQL_ID),))
    wide = estates.grant(50, PREMIUM.id, MYSQL_ID)
    base = estates.with_grants(wide, estates.grant(51, estates.AKS_SCOPE, MYSQL_ID, DECRYPTS))
    roles = (*base.role_definitions, DECRYPTS)
    estate = replace(base, consumers=(MYSQL, other, DES, AKS), role_definitions=roles)
    found = revoke(None, MYSQL.id, estate=estate)
    assert {(one.consumer_name, one.wanted) for one in found.effects} == {(MYSQL.name, True), (SINGLE.name, False)}


def test_where_only_the_key_is_named_a_copy_stays_open_to_whoever_gets_at_it() -> None:
    stranger = "70000000-0000-0000-0000-000000000001"
    twin = replace(estates.AKS_KEY, thumbprint="ab")
    base = estates.with_grants(estates.grant(50, estates.AKS_SCOPE, stranger))
    estate = replace(base, keys=(replace(MYSQL_KEY, thumbprint="ab"), twin))

    def strangers(*consumers: str) -> list[PathState]:
        found = revoke("disable", *consumers, estate=estate)
        assert estates.ME not in [path.principal for path in found.paths]
        return [path.state for path in found.paths if path.principal == stranger and path.kind == "copy"]

    assert strangers() == [PathState.STAYS_OPEN]
    assert strangers(MYSQL.id) == []


def test_a_lock_that_holds_up_the_way_back_is_told_before() -> None:
    """The data plane heeds no lock: the key is disabled and enabled, but its server cannot be asked to try it again."""
    lock = Lock(id=f"{MYSQL.id}/providers/Microsoft.Authorization/locks/keep", scope=MYSQL.id, level="ReadOnly")
    found = revoke("disable", MYSQL.id, estate=replace(readable(), locks=(lock,)))
    assert not found.problems
    (check,) = (one for one in found.checks if one.name == "locks")
    assert check.answer is Answer.NO
    assert "not taken back" in check.sentence
    free = revoke("disable", MYSQL.id)
    assert [one.answer for one in free.checks if one.name == "locks"] == [Answer.YES]
