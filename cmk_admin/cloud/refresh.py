"""Reading one key anew from its providers: before, during and after a change. Nothing here comes from the graph."""

from dataclasses import replace

from cmk_admin.cloud import keys, parse, roles, vaults
from cmk_admin.cloud.collected import Collected, problem_of
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.consumers.related import ConsumerKind
from cmk_admin.cloud.holders import (
    add_assignments,
    add_definitions,
    forget_custom_definitions,
    keep_memberships,
    read_directory,
    read_eligibilities,
    read_memberships,
    read_missing_definitions,
)
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.reading import Documents, add_consumers, note_invisible_vaults
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, contains, fold, key_scope
from cmk_admin.domain.model import (
    Consumer,
    CoverageProblem,
    Estate,
    Key,
    RoleAssignment,
    RoleEligibility,
    Source,
    Vault,
)

_LISTED_SUBSCRIPTIONS = 8
"""Up to so many subscriptions, all consumers are listed, so that one that was attached just now is seen too; beyond,
those that are known to name the key are asked, unless everybody must be known."""


async def refresh(
    session: Session, estate: Estate, key: KeyId, *, everywhere: bool = False, follows: bool = False
) -> Estate:
    """The estate with everything about `key` read now: its vault and policies, its versions, the assignments and locks
    at its scope and above, and the consumers. With `everywhere` they are listed however many subscriptions there are:
    before something is taken from whoever may use the key. With `follows` another key of the estate was read just now:
    which identities are in groups that nobody could read holds from then, for those that are not asked about again.

    Urgent: waits for no budget. `read_at` stays what it was, since the rest is as old as before. Raises AzureFailure:
    not_visible where no visible vault has the key's host; else where the vault itself could not be read. What else
    could not be read is in coverage.
    """
    vault = next((each for each in estate.vaults if each.host == key.host.lower()), None)
    if vault is None:
        raise AzureFailure(
            FailureKind.NOT_VISIBLE, f"No vault that this account sees has the host {key.host}.", subject=str(key)
        )
    return await _Refreshing(session, estate, vault, key.key, everywhere=everywhere, follows=follows).run()


class _Refreshing:
    """One refresh."""

    def __init__(
        self, session: Session, estate: Estate, vault: Vault, key: KeyId, *, everywhere: bool, follows: bool
    ) -> None:
        self._session = session
        self._everywhere = everywhere
        self._follows = follows
        self._finished = estate.coverage.finished
        self._vault = vault
        self._key = key
        self._scope = key_scope(vault.id, key.name)
        self._custom_roles_unread = False
        self._into = Collected.of(estate)
        about = (vault.id, self._scope, str(key), f"{key}/versions", f"{vault.id}/keys", key.host)
        stale = {fold(each) for each in about}
        # what was wrong with this key and its vault is found out anew
        self._into.problems = [each for each in self._into.problems if fold(each.scope) not in stale]

    async def run(self) -> Estate:
        session, into = self._session, self._into
        await together(
            session.read_clock(),
            self._read_vault(),
            self._assignments(),
            self._eligibilities(),
            self._custom_roles(),
            self._locks(),
            self._consumers(),
        )
        if self._custom_roles_unread:
            forget_custom_definitions(into, self._grants_over())
        await read_missing_definitions(session, into, urgent=True)
        before = dict(into.principals)
        await read_directory(session, into, only=self._concerned(), urgent=True)
        users = {slot.principal_id for slot in into.slots_in({self._key.host}) if slot.principal_id}
        if self._follows:
            keep_memberships(into, before, but=users)
        await read_memberships(session, into, users)
        into.problems = [
            each for each in into.problems if each.kind is not FailureKind.NOT_VISIBLE or "/" in each.scope
        ]
        note_invisible_vaults(into)
        return into.estate(finished=self._finished)

    async def _read_vault(self) -> None:
        vault, (found, problem) = await together(vaults.get_vault(self._session, self._vault.id), self._read_key())
        source = Source.UNREAD if found is None and problem else (found.source if found else self._vault.keys_from)
        folded = fold(vault.id)
        self._into.vaults[folded] = replace(vault, keys_from=source, problem=problem)
        if problem is not None:
            self._into.problems.append(problem)
        others = [each for each in self._into.keys.get(folded, ()) if each.id.name.lower() != self._key.name.lower()]
        if found is None and problem is not None:
            return  # not known any better than before
        if found is not None:
            found = _as_known(found, self._known_key())
        now = [*others, found] if found is not None else others
        self._into.keys[folded] = tuple(sorted(now, key=lambda each: each.id.name.lower()))

    def _known_key(self) -> Key | None:
        """The key as it was known before."""
        held = self._into.keys.get(fold(self._vault.id), ())
        return next((each for each in held if each.id.name.lower() == self._key.name.lower()), None)

    async def _read_key(self) -> tuple[Key | None, CoverageProblem | None]:
        """The key with its versions, and the vault's problem; no key without a problem: there is none any more."""
        session, key = self._session, self._key
        try:
            found, versions = await together(
                keys.get_key(session, self._vault.id, key, urgent=True), keys.list_versions(session, key)
            )
            newest = parse.newest_first(versions, found.current_version)
            return replace(found, versions=await keys.with_operations(session, found, newest)), None
        except AzureFailure as failure:
            if failure.kind is FailureKind.NOT_FOUND:
                return None, None
            problem = problem_of(failure, self._vault.id)
        try:
            return await keys.get_arm_key(session, self._vault.id, key.name), problem
        except AzureFailure as also:
            if also.kind is not FailureKind.NOT_FOUND:
                self._into.fail(also, f"{self._vault.id}/keys")
            return None, problem

    async def _assignments(self) -> None:
        """All assignments at the key and above it; those known before are forgotten."""
        into = self._into
        subscription = f"/subscriptions/{self._vault.subscription_id}"
        try:
            found = await roles.assignments_at(self._session, self._scope)
        except AzureFailure as failure:
            into.fail(failure, self._scope)
            into.unread_assignments.add(fold(self._scope))
            return
        above = self._management_groups()
        into.assignments = {
            folded: one
            for folded, one in into.assignments.items()
            if not contains(one.scope, self._scope) and fold(one.scope) not in above
        }
        add_assignments(into, found)
        if subscription in into.unread_assignments:
            # it stood for all vaults in it; the others are still unread
            into.unread_assignments.discard(subscription)
            into.unread_assignments |= {
                fold(each.id) for each in into.vaults.values() if each.subscription_id == self._vault.subscription_id
            }
        into.unread_assignments -= {fold(self._scope), fold(self._vault.id)}

    async def _eligibilities(self) -> None:
        """All eligible roles at the key and above it; those known before are forgotten."""
        into = self._into
        above = self._management_groups()
        kept = {
            folded: one
            for folded, one in into.eligibilities.items()
            if not contains(one.scope, self._scope) and fold(one.scope) not in above
        }
        before, into.eligibilities = into.eligibilities, {}
        await read_eligibilities(self._session, into, self._scope, at_scope=True, urgent=True)
        if fold(self._scope) in into.unread_eligibilities:
            into.eligibilities = before
            return
        into.eligibilities |= kept
        subscription = f"/subscriptions/{self._vault.subscription_id}"
        if subscription in into.unread_eligibilities:
            # it stood for all vaults in it; the others are still unread
            into.unread_eligibilities.discard(subscription)
            into.unread_eligibilities |= {
                fold(each.id) for each in into.vaults.values() if each.subscription_id == self._vault.subscription_id
            }
        into.unread_eligibilities.discard(fold(self._vault.id))

    async def _custom_roles(self) -> None:
        """What the custom roles that can be assigned at the key allow now: it changes without an assignment's change.

        Where they cannot be listed, those that count are asked for one by one afterwards.
        """
        try:
            add_definitions(self._into, await roles.custom_definitions_at(self._session, self._scope))
        except AzureFailure:
            self._custom_roles_unread = True

    def _management_groups(self) -> set[str]:
        subscription = self._into.subscriptions.get(self._vault.subscription_id)
        return {fold(each) for each in (subscription.management_groups if subscription else None) or ()}

    async def _locks(self) -> None:
        into = self._into
        try:
            found = await roles.locks_in(self._session, self._vault.id, urgent=True)
        except AzureFailure as failure:
            into.fail(failure, f"{self._vault.id}/providers/Microsoft.Authorization/locks")
            return
        into.locks = {folded: one for folded, one in into.locks.items() if not contains(one.scope, self._vault.id)}
        into.locks.update({fold(one.id): one for one in found})

    async def _consumers(self) -> None:
        """One kind after the other where one needs the other's answer: clusters take their key from their set."""
        kinds = {kind.resource_type: kind for kind in CONSUMERS.values()}
        answers = await together(*(self._documents(kind) for kind in kinds.values()))
        documents = dict(zip(kinds, answers, strict=True))
        stale = self._into.related.consumers
        self._into.related.consumers = {}
        for kind in CONSUMERS.values():
            read, found = documents[kind.resource_type]
            self._into.related.consumers |= {
                key: one for key, one in stale.items() if one.service == kind.service and key[0] not in read
            }
            await add_consumers(self._session, self._into, kind, found, urgent=True)

    async def _documents(self, kind: ConsumerKind) -> tuple[set[str], Documents]:
        """The folded ids of the known consumers of a resource type that were read now (also those that are gone), and
        envelopes: a resource that uses keys for two services is read once.
        """
        services = {each.service for each in CONSUMERS.values() if each.resource_type == kind.resource_type}
        known = [one for one in self._into.related.consumers.values() if one.service in services]
        subscriptions = list(self._into.subscriptions)
        if len(subscriptions) > _LISTED_SUBSCRIPTIONS and not self._everywhere:
            return await self._ask_each(kind, known)
        answers = await together(*(self._list(kind, each, known) for each in subscriptions))
        read = {folded for ids, _ in answers for folded in ids}
        return read, [document for _, found in answers for document in found]

    async def _list(self, kind: ConsumerKind, subscription: str, known: list[Consumer]) -> tuple[set[str], Documents]:
        mine = [one for one in known if one.subscription_id == subscription]
        path = f"/subscriptions/{subscription}/providers/{kind.resource_type}"
        try:
            found = await self._session.arm_pages(path, api_version=kind.api_version, urgent=True)
        except AzureFailure as failure:
            # one that was attached just now would go unseen: that is told
            self._into.fail(failure, path)
            return await self._ask_each(kind, mine)
        self._into.problems = [each for each in self._into.problems if fold(each.scope) != fold(path)]
        return {fold(one.id) for one in mine}, list(found)

    async def _ask_each(self, kind: ConsumerKind, known: list[Consumer]) -> tuple[set[str], Documents]:
        """The consumers that name the key, and the holders of those, one by one."""
        key = str(self._key).lower()
        naming = [one for one in known if any(str(slot.key_id.key).lower() == key for slot in one.slots)]

        async def one(consumer: Consumer) -> tuple[set[str], Documents]:
            try:
                reply = await self._session.arm("GET", consumer.id, api_version=kind.api_version, urgent=True)
            except AzureFailure as failure:
                if failure.kind is FailureKind.NOT_FOUND:
                    return {fold(consumer.id)}, []
                self._into.fail(failure, consumer.id)
                return set(), []
            return {fold(consumer.id)}, [reply.body]

        once = {fold(each.id): each for each in naming}
        answers = await together(*(one(each) for each in once.values()))
        return {folded for ids, _ in answers for folded in ids}, [d for _, found in answers for d in found]

    def _grants_over(self) -> list[RoleAssignment | RoleEligibility]:
        """The assignments and eligible roles at the key and above it."""
        above = self._management_groups()
        return [one for one in self._into.grants() if contains(one.scope, self._scope) or fold(one.scope) in above]

    def _concerned(self) -> set[str]:
        """Everybody who may hold a grant on the key."""
        holders = {one.principal_id for one in self._grants_over()}
        vault = self._into.vaults[fold(self._vault.id)]
        return holders | {entry.object_id for entry in vault.access_policies}


def _as_known(found: Key, before: Key | None) -> Key:
    """A key with the public numbers that it had: a version never changes them, and a disabled one does not show them."""
    if before is None or found.thumbprint is not None or found.current_version != before.current_version:
        return found
    return replace(found, thumbprint=before.thumbprint, managed=before.managed)
