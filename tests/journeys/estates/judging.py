"""What must hold after a revoke, by what the sandbox answered before and after it: cut, named, told."""

from collections.abc import Iterable
from dataclasses import dataclass

from cmk_admin.domain.ids import contains, key_scope, parse_key_id
from cmk_admin.domain.plan import PathState, Plan, PlannedPath
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import OperationReport

from .asking import Asked, Sealed, Seen
from .making import Node


@dataclass(frozen=True)
class Aim:
    """A draft, and whom it is about."""

    draft: RevokeDraft
    whom: frozenset[str] | None
    """Those who may get at the data by no route; None: nobody may."""
    shuts: bool
    """Whether it is the key itself that is shut, and not a grant that is removed."""

    def forbids(self, who: str, key: str) -> bool:
        """Whether somebody may no longer use a key when it is done: what shuts the key itself shuts it for everybody."""
        return (self.shuts and key == str(self.draft.key)) or self.whom is None or who in self.whom


def assert_planned(estate: Node, sealed: list[Sealed], aim: Aim, plan: Plan, before: Seen) -> None:
    """Each route by which those who are meant get at the data is a path of the plan, also where it cannot be begun."""
    for who, url, operation in working(sealed, aim, before):
        if aim.whom is not None and who in aim.whom:
            mine = [path for path in plan.paths if not path.principal or path.principal.lower() == who]
            said = (who, url, operation, plan.problems, plan.paths)
            assert any(covers(estate, path.scope, url) for path in mine), said


def working(sealed: list[Sealed], aim: Aim, seen: Seen) -> set[Asked]:
    """By what those who are to be cut get at the data: with any version of the key and of its copies, by the numbers that
    the vaults themselves show."""
    own = {one.modulus for one in sealed if one.key == str(aim.draft.key)}
    same = {one.url for one in sealed if one.modulus in own}
    works = {one for one, works in seen.table.items() if works and one[1] in same}
    return {one for one in works if aim.forbids(one[0], one[1].rsplit("/", 1)[0])}


def covers(estate: Node, scope: str, url: str) -> bool:
    """Whether what is granted at a scope counts at a version."""
    key = parse_key_id(url)
    vault = next(one for one in estate["vaults"] if url.startswith(f"https://{one['name']}."))
    above = ("/", "/providers/microsoft.management/managementgroups/")
    wide = scope.lower().startswith(above[1]) or scope == above[0]
    return wide or contains(scope, key_scope(vault["id"], key.name)) or scope == str(key.key)


@dataclass(frozen=True)
class Case:
    """One revoke, with what the sandbox said before and after it."""

    estate: Node
    sealed: list[Sealed]
    aim: Aim
    plan: Plan
    before: Seen
    after: Seen
    done: OperationReport

    def assert_right(self) -> None:
        """All that must hold, whatever the estate and however the revoke ended."""
        if self.done.outcome is Outcome.DONE:
            self._assert_cut()
        self._assert_told()
        self._assert_named()
        self._assert_services_named()

    @property
    def _still(self) -> set[Asked]:
        """By what those who were to be cut still get at the data."""
        return working(self.sealed, self.aim, self.after)

    @property
    def _lost(self) -> set[Asked]:
        return {one for one, works in self.before.table.items() if works and not self.after.table[one]}

    def _assert_cut(self) -> None:
        """Done: nobody who was to be cut gets at the data by any route, a copy of the key in another vault included."""
        assert not self._still, (self._still, self.plan.steps, self.plan.paths)
        surely = {one.consumer_id.lower() for one in self.plan.effects if not one.goes_on and "unless" not in one.stops}
        for consumer in self.estate["consumers"]:
            # One that has a geo-backup too is named also where it is that alone which is lost.
            if consumer["id"].lower() in surely and len(consumer["slots"]) == 1:
                assert not self.after.running.get(consumer["id"]), (consumer["name"], self.plan.effects)

    def _assert_told(self) -> None:
        """Each route that still works is told as open or unknown."""
        told = self.done.open_paths
        for who, url, operation in self._still:
            assert any(self._leads(path, who, url) for path in told), (who, url, operation, told, self.done.log)

    def _leads(self, path: PlannedPath, who: str, url: str) -> bool:
        """Whether an open path is told by which somebody gets there; of what shuts the key itself, whoever does."""
        named = self.aim.whom is None or who in self.aim.whom
        if named and path.principal and path.principal.lower() != who:
            return False
        return path.state is not PathState.WILL_CLOSE and self._covers(path.scope, url)

    def _covers(self, scope: str, url: str) -> bool:
        return covers(self.estate, scope, url)

    def _assert_named(self) -> None:
        """Nobody lost anything that the plan does not name: as a path, as a service, as members that it counts."""
        for who, url, operation in self._lost:
            said = (who, url, operation, self.plan.steps, self.plan.paths, self.plan.choices)
            if not self.aim.shuts:
                assert self._is_named(who, url), said
            else:
                assert self._is_shut(url), said

    def _is_shut(self, url: str) -> bool:
        """Whether the plan says that this version is out of everybody's reach."""
        for step in self.plan.steps:
            target = step.target.lower()
            vault = next(one for one in self.estate["vaults"] if url.startswith(f"https://{one['name']}."))
            if url == target or url.startswith(target + "/") or target.startswith(vault["id"].lower()):
                return True
        return False

    def _is_named(self, who: str, url: str) -> bool:
        closed = [one for one in self.plan.paths if one.state is PathState.WILL_CLOSE and self._covers(one.scope, url)]
        if any(path.principal.lower() == who for path in closed):
            return True
        hit = {one.consumer_id.lower() for one in self.plan.effects if not one.goes_on}
        hit |= {one.lower() for path in closed for one in path.also_cuts}
        chosen = " ".join(one.why for one in self.plan.choices if one.chosen)
        hit |= {one["id"].lower() for one in self.estate["consumers"] if one["name"] in chosen}
        if who in self._identities(one for one in self.estate["consumers"] if one["id"].lower() in hit):
            return True
        counted = any(one.chosen and "other member" in one.why for one in self.plan.choices)
        return counted and any(who in self._members(path) for path in closed)

    def _members(self, path: PlannedPath) -> set[str]:
        """Everybody who is in a group through which a path goes."""
        groups = {one["object_id"]: one for one in self.estate["principals"] if one["kind"] == "group"}
        todo = [one for one in groups if f"group {groups[one]['name']} " in path.via]
        found: set[str] = set()
        while todo:
            for member in groups[todo.pop()]["members"]:
                found.add(member)
                todo += [member] if member in groups else []
        return found

    def _assert_services_named(self) -> None:
        """A service that stopped, or that lost what its key opens, is among the effects."""
        hit = {one.consumer_id.lower() for one in self.plan.effects if not one.goes_on}
        for consumer in self.estate["consumers"]:
            stopped = self.before.running.get(consumer["id"]) and not self.after.running[consumer["id"]]
            url, who = consumer["slots"][0]["key_id"], consumer["slots"][0]["identity"]["object_id"]
            operation = "decrypt" if consumer["service"] == "aks-etcd" else "unwrapkey"
            refused = any(one[0] == who and one[1].startswith(url) and one[2] == operation for one in self._lost)
            if stopped or refused:
                assert consumer["id"].lower() in hit, (consumer["name"], stopped, refused, self.plan.effects)

    @staticmethod
    def _identities(consumers: Iterable[Node]) -> set[str]:
        return {slot["identity"]["object_id"] for one in consumers for slot in one["slots"]}
