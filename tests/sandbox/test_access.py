"""The evaluator of roles: against a plain oracle over random estates and times, and rule by rule."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.sandbox import access
from cmk_admin.sandbox.access import ROLE_DEFINITIONS
from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.state import World

HOUR = 3600.0
MG = "/providers/Microsoft.Management/managementGroups/"
GROUP = "/subscriptions/S1/resourceGroups/g"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"
UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"
READ_KEYS = "Microsoft.KeyVault/vaults/keys/read"
# scope -> the scopes that contain it, itself included
CONTAINED_IN = {
    "/": {"/"},
    f"{MG}root": {"/", f"{MG}root"},
    f"{MG}child": {"/", f"{MG}root", f"{MG}child"},
    "/subscriptions/S1": {"/", f"{MG}root", f"{MG}child", "/subscriptions/S1"},
    "/subscriptions/S2": {"/", f"{MG}root", "/subscriptions/S2"},
    GROUP: {"/", f"{MG}root", f"{MG}child", "/subscriptions/S1", GROUP},
    f"{GROUP}2": {"/", f"{MG}root", f"{MG}child", "/subscriptions/S1", f"{GROUP}2"},
    VAULT: {"/", f"{MG}root", f"{MG}child", "/subscriptions/S1", GROUP, VAULT},
    f"{VAULT}/keys/k": {"/", f"{MG}root", f"{MG}child", "/subscriptions/S1", GROUP, VAULT, f"{VAULT}/keys/k"},
    f"{VAULT}/keys/k2": {"/", f"{MG}root", f"{MG}child", "/subscriptions/S1", GROUP, VAULT, f"{VAULT}/keys/k2"},
}
SCOPES = list(CONTAINED_IN)
ACTIONS = (UNWRAP, READ_KEYS, "Microsoft.KeyVault/vaults/read")
PATTERNS = (
    "*",
    "*/read",
    "Microsoft.KeyVault/vaults/*",
    "microsoft.keyvault/vaults/keys/*/action",
    "Microsoft.KeyVault/*/read",
    UNWRAP,
    READ_KEYS,
    "Microsoft.KeyVault/vaults/key*",
    "Microsoft.Keyvault.vaults/*",
)
GROUPS = ("g1", "g2", "g3")
PRINCIPALS = {"user": "User", "identity": "ManagedIdentity", **dict.fromkeys(GROUPS, "Group")}


def like(pattern: str, text: str) -> bool:
    """A wildcard match, one character at a time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return like(pattern[1:], text) or (bool(text) and like(pattern, text[1:]))
    return bool(text) and pattern[0].lower() == text[0].lower() and like(pattern[1:], text[1:])


@dataclass
class Oracle:
    """All that happened, and what follows from it by the documented delays alone."""

    roles: list[list[dict[str, list[str]]]]
    # (role, scope, principal, made at, removed at)
    assignments: list[tuple[int, str, str, float, float]] = field(default_factory=list)
    # (when, group, member, joined)
    memberships: list[tuple[float, str, str, bool]] = field(default_factory=list)

    def may(self, principal: str, action: str, scope: str, data: bool, now: float) -> bool:
        known_at = now - (24 * HOUR if PRINCIPALS[principal] == "ManagedIdentity" else 300)
        who = {principal}
        for _ in GROUPS:
            who |= {group for group in GROUPS if any(self.is_member(group, one, known_at) for one in who)}
        for role, at, holder, made, removed in self.assignments:
            stays = 3 * HOUR if data and at.startswith(MG) else 300
            counts = made + 300 <= now < removed + stays
            if counts and holder in who and at in CONTAINED_IN[scope] and self.holds(role, action, data):
                return True
        return False

    def is_member(self, group: str, member: str, when: float) -> bool:
        inside = False
        for at, one, other, joined in self.memberships:
            if at <= when and (one, other) == (group, member):
                inside = joined
        return inside

    def holds(self, role: int, action: str, data: bool) -> bool:
        allowed, taken = ("dataActions", "notDataActions") if data else ("actions", "notActions")
        return any(
            any(like(pattern, action) for pattern in block[allowed])
            and not any(like(pattern, action) for pattern in block[taken])
            for block in self.roles[role]
        )


def build(world: World, roles: list[list[dict[str, list[str]]]]) -> None:
    world.put("meta", "world", {"tenant_id": "t"})
    world.put("managementGroup", "root", {"name": "root", "parent": None})
    world.put("managementGroup", "child", {"name": "child", "parent": "root"})
    world.put("subscription", "S1", {"subscriptionId": "S1", "managementGroup": "child"})
    world.put("subscription", "S2", {"subscriptionId": "S2", "managementGroup": "root"})
    for name, kind in PRINCIPALS.items():
        world.put("principal", name, {"objectId": name, "kind": kind, "members": []})
    for n, blocks in enumerate(roles):
        world.put("roleDefinition", f"{ROLE_DEFINITIONS}r{n}", {"properties": {"permissions": blocks}})
    world.forget_past()


def assign(world: World, role: int, scope: str, principal: str, *, n: int = 0, condition: str | None = None) -> str:
    key = f"{scope}/assignments/{n}"
    facts = {
        "scope": scope,
        "principalId": principal,
        # Real assignments name the role with a subscription before it, or without one, in any case.
        "roleDefinitionId": ("/subscriptions/S1" if n % 2 else "") + f"{ROLE_DEFINITIONS}R{role}",
        "condition": condition,
    }
    world.put("roleAssignment", key, {"id": key, "properties": facts})
    return key


def join(world: World, group: str, member: str, joined: bool) -> None:
    document = world.get("principal", group)
    assert document is not None
    members = [one for one in document["members"] if one != member]
    world.put("principal", group, {**document, "members": [*members, member] if joined else members})


blocks = st.fixed_dictionaries(
    {name: st.lists(st.sampled_from(PATTERNS), max_size=2) for name in ("actions", "dataActions")}
    | {name: st.lists(st.sampled_from(PATTERNS), max_size=1) for name in ("notActions", "notDataActions")}
)
steps = st.one_of(
    st.tuples(st.just("assign"), st.integers(0, 2), st.sampled_from(SCOPES), st.sampled_from(list(PRINCIPALS))),
    st.tuples(st.just("assign"), st.integers(0, 2), st.sampled_from(SCOPES), st.sampled_from(list(PRINCIPALS))),
    st.tuples(st.just("remove"), st.integers(0, 5)),
    st.tuples(st.just("join"), st.sampled_from(GROUPS), st.sampled_from(list(PRINCIPALS)), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 299.0, 300.0, 301.0, HOUR, 3 * HOUR - 300, 3 * HOUR, 23 * HOUR])),
)


@settings(max_examples=150, deadline=None)
@given(
    roles=st.lists(st.lists(blocks, min_size=1, max_size=2), min_size=3, max_size=3),
    history=st.lists(steps, min_size=1, max_size=14),
)
def test_it_agrees_with_a_plain_oracle_at_every_moment_of_any_history(
    roles: list[list[dict[str, list[str]]]], history: list[tuple[object, ...]]
) -> None:
    world, oracle = World(Clock(speed=0)), Oracle(roles)
    build(world, roles)
    standing: list[tuple[str, int]] = []
    for step in history:
        now = world.clock.azure()
        match step:
            case ("assign", int(role), str(scope), str(principal)):
                standing.append(
                    (assign(world, role, scope, principal, n=len(oracle.assignments)), len(oracle.assignments))
                )
                oracle.assignments.append((role, scope, principal, now, float("inf")))
            case ("remove", int(which)) if standing:
                key, n = standing.pop(which % len(standing))
                world.delete("roleAssignment", key)
                oracle.assignments[n] = (*oracle.assignments[n][:4], now)
            case ("join", str(group), str(member), bool(joined)):
                join(world, group, member, joined)
                oracle.memberships.append((now, group, member, joined))
            case ("wait", float(seconds)):
                world.clock.advance(seconds)
        for principal in ("user", "identity"):
            for scope in SCOPES:
                for data in (False, True):
                    for action in ACTIONS:
                        expected = oracle.may(principal, action, scope, data, world.clock.azure())
                        assert access.may(world, principal, action, scope, data=data) is expected
    world.close()


@pytest.fixture
def world() -> Iterator[World]:
    world = World(Clock(speed=0))
    unwraps: dict[str, list[str]] = {"actions": [], "notActions": [], "dataActions": [UNWRAP], "notDataActions": []}
    build(world, [[unwraps]])
    yield world
    world.close()


def test_a_grant_counts_after_the_documented_delay_and_is_lost_after_it(world: World) -> None:
    key = assign(world, 0, VAULT, "identity")
    assert not access.may(world, "identity", UNWRAP, VAULT, data=True)
    world.clock.advance(299.5)
    assert not access.may(world, "identity", UNWRAP, VAULT, data=True)
    world.clock.advance(0.5)
    assert access.may(world, "identity", UNWRAP, VAULT, data=True)
    world.delete("roleAssignment", key)
    world.clock.advance(299.5)
    assert access.may(world, "identity", UNWRAP, VAULT, data=True)
    world.clock.advance(0.5)
    assert not access.may(world, "identity", UNWRAP, VAULT, data=True)


def test_a_grant_removed_and_given_again_at_a_management_group_never_lapses(world: World) -> None:
    key = assign(world, 0, f"{MG}child", "identity")
    world.forget_past()
    world.delete("roleAssignment", key)
    world.clock.advance(HOUR)
    assign(world, 0, f"{MG}child", "identity")
    for _ in range(10):
        assert access.may(world, "identity", UNWRAP, VAULT, data=True)
        world.clock.advance(60)


def test_only_data_actions_linger_after_a_removal_at_a_management_group(world: World) -> None:
    vaults = "Microsoft.KeyVault/vaults/read"
    both: dict[str, list[str]] = {"actions": [vaults], "notActions": [], "dataActions": [UNWRAP], "notDataActions": []}
    build(world, [[both]])
    key = assign(world, 0, f"{MG}child", "identity")
    world.forget_past()
    assert access.may(world, "identity", vaults, VAULT)
    world.delete("roleAssignment", key)
    for seconds, reads, unwraps in ((299.5, True, True), (0.5, False, True), (3 * HOUR - 300, False, False)):
        world.clock.advance(seconds)
        assert access.may(world, "identity", vaults, VAULT) is reads
        assert access.may(world, "identity", UNWRAP, VAULT, data=True) is unwraps


def test_a_data_action_says_nothing_about_the_resource_manager(world: World) -> None:
    assign(world, 0, VAULT, "identity")
    world.forget_past()
    assert access.may(world, "identity", UNWRAP, VAULT, data=True)
    assert not access.may(world, "identity", UNWRAP, VAULT)


def test_ids_and_actions_are_compared_without_case(world: World) -> None:
    assign(world, 0, VAULT.lower(), "IDENTITY")
    world.forget_past()
    assert access.may(world, "Identity", UNWRAP.upper(), f"{VAULT.upper()}/KEYS/k", data=True)


def test_a_group_that_contains_itself_ends_the_search(world: World) -> None:
    join(world, "g1", "g2", True)
    join(world, "g2", "g1", True)
    join(world, "g1", "user", True)
    world.forget_past()
    assert access.groups_of(world, "user") == {"g1", "g2"}
    assert not access.may(world, "user", UNWRAP, VAULT, data=True)


def test_a_condition_that_is_not_understood_grants_nothing(world: World) -> None:
    assign(world, 0, VAULT, "identity", condition="@Resource[Microsoft.Storage:name] StringEquals 'x'")
    assign(world, 0, VAULT, "user", n=1, condition="ActionMatches{'Microsoft.KeyVault/vaults/keys/unwrap/action'}")
    world.forget_past()
    assert not access.may(world, "identity", UNWRAP, VAULT, data=True)
    assert access.may(world, "user", UNWRAP, VAULT, data=True)


def test_what_was_decided_is_forgotten_when_the_estate_moves(world: World) -> None:
    assign(world, 0, f"{MG}child", "user")
    world.forget_past()
    assert access.may(world, "user", UNWRAP, VAULT, data=True)
    world.put("subscription", "S1", {"subscriptionId": "S1", "managementGroup": "root"})
    assert not access.may(world, "user", UNWRAP, VAULT, data=True)
    world.reset()
    assert not access.may(world, "user", UNWRAP, VAULT, data=True)


def test_scopes_above_are_named_nearest_first(world: World) -> None:
    above = access.scopes_above(world, f"{VAULT}/keys/k")
    assert above[0] == f"{VAULT}/keys/k".lower()
    assert above[-3:] == [f"{MG}child".lower(), f"{MG}root".lower(), "/"]
    assert VAULT.lower() in above
    assert access.scopes_above(world, "/") == ["/"]
