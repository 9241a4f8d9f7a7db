"""A proof of what was read just now: what a method shut is closed, what is not is open, and what was not read is unknown."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Key, PrivateEndpoint, Source, Vault
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.verbs.revoke import RevokeDraft, plan
from cmk_admin.domain.words import ITSELF
from cmk_admin.operations.interface import PathProof, Proof, ProvenPath
from cmk_admin.operations.proof import Reading, nothing_read, proven
from cmk_admin.operations.proof_copies import Copies
from cmk_admin.operations.proof_facts import Counting
from tests.domain import estates
from tests.domain.estates import (
    AKS_KEY,
    AKS_SCOPE,
    MYSQL,
    MYSQL_ID,
    MYSQL_KEY,
    MYSQL_SCOPE,
    NOW,
    PREMIUM,
    SINGLE_ID,
    STANDARD,
)

Change = Callable[[Estate], Estate]
ENDPOINT = PrivateEndpoint(name="pe", endpoint_id=None, status=None)


def revoked(method: str, estate: Estate | None = None) -> Plan:
    found = plan(RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id,), method=method), Index(estate or estates.dcc()))
    assert found.problems == ()
    return found


def read(found: Plan, estate: Estate, copies: Copies | None = None) -> Reading:
    return proven(Index(estate), found, (), NOW, copies or Copies())


def states(reading: Reading) -> set[PathProof]:
    return {row.state for row in reading.rows}


def of_key(**facts: object) -> Change:
    def change(estate: Estate) -> Estate:
        other: Key = replace(MYSQL_KEY, **facts)  # type: ignore[arg-type]
        return replace(estate, keys=(other, *(one for one in estate.keys if one.id != other.id)))

    return change


def of_vault(**facts: object) -> Change:
    def change(estate: Estate) -> Estate:
        other: Vault = replace(PREMIUM, **facts)  # type: ignore[arg-type]
        return replace(estate, vaults=(other, STANDARD))

    return change


def without_key(estate: Estate) -> Estate:
    return replace(estate, keys=tuple(one for one in estate.keys if one.id != MYSQL_KEY.id))


def unread_vault(estate: Estate) -> Estate:
    """As a vault looks behind a firewall: its keys are not known, and none of them is shown."""
    return of_vault(keys_from=Source.UNREAD)(without_key(estate))


def no_vault(estate: Estate) -> Estate:
    return replace(without_key(estate), vaults=(STANDARD,))


def versions(*, enabled: bool = True, operations: tuple[str, ...] | None = None) -> Change:
    found = tuple(replace(one, enabled=enabled, operations=operations) for one in MYSQL_KEY.versions or ())
    return of_key(versions=found, operations=operations)


_DISABLED = versions(enabled=False)
_NARROW = versions(operations=("wrapKey",))
_WIDE = versions(operations=("unwrapKey", "wrapKey"))
CLOSED, OPEN, UNKNOWN = PathProof.CLOSED, PathProof.OPEN, PathProof.UNKNOWN


@pytest.mark.parametrize(
    ("method", "change", "state"),
    [
        ("disable", _DISABLED, CLOSED),
        ("disable", _WIDE, OPEN),
        ("disable", of_key(versions=None), UNKNOWN),
        ("disable", unread_vault, UNKNOWN),
        ("disable", no_vault, UNKNOWN),
        ("disable", without_key, CLOSED),
        ("operations", _NARROW, CLOSED),
        ("operations", _WIDE, OPEN),
        ("operations", versions(operations=("Decrypt",)), OPEN),
        ("operations", of_key(versions=None), UNKNOWN),
        ("operations", versions(operations=None), UNKNOWN),
        ("operations", unread_vault, UNKNOWN),
        ("delete", without_key, CLOSED),
        ("delete", _DISABLED, OPEN),
        ("delete", unread_vault, UNKNOWN),
        ("delete", no_vault, UNKNOWN),
        ("firewall", of_vault(default_deny=True, trusted_bypass=False), CLOSED),
        ("firewall", of_vault(public_access=False, trusted_bypass=False), CLOSED),
        ("firewall", of_vault(default_deny=True, trusted_bypass=True), OPEN),
        ("firewall", of_vault(default_deny=False, trusted_bypass=False), OPEN),
        ("firewall", of_vault(default_deny=True, trusted_bypass=False, private_endpoints=None), UNKNOWN),
        ("firewall", of_vault(default_deny=True, trusted_bypass=False, private_endpoints=(ENDPOINT,)), UNKNOWN),
        ("firewall", no_vault, UNKNOWN),
    ],
)
def test_what_a_method_shut_is_as_closed_as_was_read(method: str, change: Change, state: PathProof) -> None:
    before = _WIDE(estates.dcc())
    reading = read(revoked(method, before), change(before))
    assert states(reading) == {state}
    assert bool(reading.open_paths) is (state is not CLOSED)


def test_a_grant_that_is_gone_is_closed_one_that_is_there_open_and_one_that_may_be_there_unknown() -> None:
    found = revoked("grants")
    estate = estates.dcc()
    gone = replace(
        estate, role_assignments=tuple(one for one in estate.role_assignments if one.principal_id != MYSQL_ID)
    )
    assert states(read(found, gone)) == {CLOSED}
    assert states(read(found, estate)) == {OPEN}
    for unread in (MYSQL_SCOPE, PREMIUM.id, f"/subscriptions/{estates.SUB}"):
        reading = read(found, replace(gone, unread_assignments=frozenset({unread.lower()})))
        assert states(reading) == {UNKNOWN}
        assert {path.scope for path in reading.open_paths} >= {MYSQL_SCOPE, unread.lower()}


def test_of_a_key_that_is_shut_no_grant_needs_to_be_known() -> None:
    before = _WIDE(estates.dcc())
    unread = frozenset({MYSQL_SCOPE.lower()})
    blind = replace(_DISABLED(before), role_assignments=(), unread_assignments=unread)
    assert states(read(revoked("disable", before), blind)) == {CLOSED}


def test_who_was_cut_along_is_as_closed_as_the_key() -> None:
    before = _WIDE(estates.dcc())
    found = revoked("disable", before)
    for change, state in ((_DISABLED, CLOSED), (_WIDE, OPEN)):
        rows = read(found, change(before)).rows
        assert [row.state for row in rows if row.path.principal == SINGLE_ID] == [state]


def test_a_grant_that_leads_to_several_keys_is_as_open_as_the_most_open_of_them() -> None:
    """One grant on the vault; of the two keys of the service one is shut, and the other is not."""
    spare = estates.key(PREMIUM, "spare-key")
    geo = replace(MYSQL, slots=(*MYSQL.slots, estates.slot(spare, MYSQL_ID, name="geo")))
    base = estates.dcc()
    estate = replace(
        base,
        keys=(*base.keys, spare),
        consumers=(geo,),
        role_assignments=(estates.grant(50, PREMIUM.id, MYSQL_ID),),
    )
    found = revoked("disable", estate)
    off = {
        one.id: replace(one, versions=tuple(replace(v, enabled=False) for v in one.versions or ()))
        for one in estate.keys
    }

    def shut(*keys: Key) -> Reading:
        chosen = {one.id for one in keys}
        return read(found, replace(estate, keys=tuple(off[one.id] if one.id in chosen else one for one in estate.keys)))

    assert states(shut(MYSQL_KEY, spare)) == {CLOSED}
    for half in (shut(MYSQL_KEY), shut(spare)):
        assert OPEN in states(half)
        assert [path.principal for path in half.open_paths] == [MYSQL_ID]
        assert [row.state for row in half.rows if row.path.via == ITSELF] == [OPEN]


def test_a_copy_whose_vault_could_not_be_read_again_is_unknown_and_a_copy_that_is_gone_is_closed() -> None:
    twin = replace(AKS_KEY, thumbprint="ab")
    base = estates.with_grants(estates.grant(50, AKS_SCOPE, MYSQL_ID))
    estate = replace(base, keys=(replace(MYSQL_KEY, thumbprint="ab"), twin))
    found = revoked("grants", estate)
    gone = tuple(one for one in estate.role_assignments if one.scope != MYSQL_SCOPE or one.principal_id != MYSQL_ID)
    after = replace(estate, role_assignments=gone)
    without = replace(after, role_assignments=tuple(one for one in gone if one.principal_id != MYSQL_ID))
    seen, unseen = Copies(ids=(twin.id,)), Copies(ids=(twin.id,), unread={twin.id.folded: "it could not be read"})

    def copy(reading: Reading) -> list[PathProof]:
        return [row.state for row in reading.rows if row.path.kind == "copy"]

    assert copy(read(found, after, seen)) == [OPEN]
    assert copy(read(found, after, unseen)) == [UNKNOWN]
    assert copy(read(found, without, seen)) == [CLOSED]
    assert copy(read(found, without, unseen)) == [UNKNOWN]
    assert copy(read(found, replace(without, keys=(MYSQL_KEY, AKS_KEY)))) == [OPEN]


@pytest.mark.parametrize("method", ["grants", "disable", "operations", "delete", "firewall"])
def test_where_nothing_could_be_read_nothing_is_closed(method: str) -> None:
    reading = nothing_read(revoked(method, _WIDE(estates.dcc())), (), "Azure did not answer.")
    assert states(reading) == {UNKNOWN}
    assert len(reading.open_paths) >= 1


def test_what_was_closed_counts_from_the_moment_by_which_azure_says_that_it_does() -> None:
    due = NOW + timedelta(minutes=10)
    counting = Counting(gone_at=NOW, gone_there=NOW, counts_at=due, settled_at=due)
    path = ProvenPath(path=revoked("grants").paths[0], state=CLOSED, counting=counting)
    proof = Proof(at=NOW, paths=(path,))
    just_before = due - timedelta(microseconds=1)
    assert (path.counts(just_before), path.counts(due)) == (False, True)
    assert proof.uncounted(just_before) == (path,)
    assert "may let in until" in proof.held_words(just_before)
    assert (proof.held_words(due), path.counting_words(due)) == ("", "")


def test_what_could_not_be_read_for_a_while_is_no_path_once_it_can() -> None:
    found = revoked("grants")
    taken = replace(
        estates.dcc(),
        role_assignments=tuple(
            one for one in estates.dcc().role_assignments if one.id not in {step.target for step in found.steps}
        ),
    )
    whole = read(found, taken)
    unread = replace(taken, unread_assignments=frozenset({MYSQL_SCOPE.lower()}))
    between = proven(Index(unread), found, whole.rows, NOW, Copies())
    assert PathProof.UNKNOWN in states(between)
    after = proven(Index(taken), found, between.rows, NOW, Copies())
    assert [(row.path, row.state) for row in after.rows] == [(row.path, row.state) for row in whole.rows]
