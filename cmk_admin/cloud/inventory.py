"""Reading an estate: Resource Graph first, the providers for what it lacks, all vaults side by side."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from cmk_admin.cloud import api, parse, parse_identities, resource_graph
from cmk_admin.cloud.collected import Collected, Publish
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.holders import (
    read_assignments,
    read_definitions,
    read_directory,
    read_eligibilities,
    read_locks,
    read_memberships,
    read_missing_definitions,
    read_vault_assignments,
)
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.reading import Documents, add_consumers, note_invisible_vaults, read_versions
from cmk_admin.cloud.refresh import refresh
from cmk_admin.cloud.session import Session
from cmk_admin.cloud.vault_keys import read_vault_keys
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.model import CoverageProblem, Estate, Key, Subscription, Vault

__all__ = ["read_estate", "refresh"]

VAULTS_AT_ONCE = 96
"""Vaults that are being read at the same time."""

_VAULT = "microsoft.keyvault/vaults"
_IDENTITY = "microsoft.managedidentity/userassignedidentities"
_MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/"
_CHAINS = (
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' "
    "| project id, subscriptionId, properties | order by id asc"
)


async def read_estate(session: Session, publish: Publish | None = None) -> Estate:
    """Read all of it; `publish` gets growing estates whose coverage is not finished.

    `publish` is called on the loop's thread, at most about five times a second and ever more seldom as the estate
    grows. Raises AzureFailure only where not even the subscriptions could be listed; all else is told in coverage.
    """
    return await _Reading(session, publish).run()


class _Reading:
    """One reading of an estate."""

    def __init__(self, session: Session, publish: Publish | None) -> None:
        self._session = session
        self._publish = publish
        self._gate = asyncio.Semaphore(VAULTS_AT_ONCE)

    async def run(self) -> Estate:
        session = self._session
        _, listed, _ = await together(
            session.read_clock(),
            session.arm_pages("/subscriptions", api_version=api.SUBSCRIPTIONS),
            self._warm(),
        )
        self._into = into = Collected(session.account, session.clock.now(), self._publish)
        for document in listed:
            found = str(document["subscriptionId"]).lower()
            name = str(document.get("displayName") or found)
            into.subscriptions[found] = Subscription(id=found, name=name)
        self._ids = list(into.subscriptions)
        self._unread: set[str] = set()
        into.listed = len(self._ids)
        if not self._ids:
            into.problems.append(
                CoverageProblem(
                    scope="subscriptions",
                    kind=FailureKind.NOT_VISIBLE,
                    message="The account sees no subscription; there may be some.",
                )
            )
            return into.estate(finished=True)
        into.grew()
        await together(
            self._vaults(),
            self._consumers(),
            self._chains(),
            read_definitions(session, into, self._ids),
            *(read_assignments(session, into, each) for each in self._ids),
            *(read_locks(session, into, each) for each in self._ids),
            *(read_eligibilities(session, into, f"/subscriptions/{each}") for each in self._ids),
        )
        await together(self._holders(), self._versions())
        note_invisible_vaults(into)
        into.read = into.listed - len(self._unread)
        return into.estate(finished=True)

    async def _warm(self) -> None:
        """The vaults' token, before every vault asks for it. Where it is refused, each vault says so for itself."""
        try:
            await self._session.warm()
        except AzureFailure:
            return

    async def _resources(self, api_versions: Mapping[str, str]) -> dict[str, Documents]:
        """All resources of some types (type -> the provider's api-version), by type.

        From the graph in one query, or from their providers where the graph does not answer.
        """
        found: dict[str, Documents] = {each: [] for each in api_versions}
        try:
            rows = await resource_graph.query(self._session, resource_graph.of_types(*api_versions), self._ids)
        except AzureFailure:
            # the graph is only the quicker way: what cannot be read either way is noted below
            wanted = [(each, subscription) for each in api_versions for subscription in self._ids]
            lists = await together(*(self._from_provider(s, each, api_versions[each]) for each, s in wanted))
            for (each, _), documents in zip(wanted, lists, strict=True):
                found[each] += documents
            return found
        for row in rows:
            found[str(row["type"]).lower()].append(row)
        return found

    async def _from_provider(self, subscription: str, resource_type: str, api_version: str) -> Documents:
        path = f"/subscriptions/{subscription}/providers/{resource_type}"
        try:
            return [*await self._session.arm_pages(path, api_version=api_version)]
        except AzureFailure as failure:
            self._into.fail(failure, path)
            self._unread.add(subscription)
            return []

    async def _vaults(self) -> None:
        documents = await self._resources({_VAULT: api.VAULTS})
        for document in documents[_VAULT]:
            vault = parse.vault(document)
            self._into.vaults[fold(vault.id)] = vault
        self._into.grew()
        await together(*(self._vault(vault) for vault in list(self._into.vaults.values())))

    async def _vault(self, vault: Vault) -> None:
        async with self._gate:
            found = await read_vault_keys(self._session, vault)
        self._into.vaults[fold(vault.id)] = found.vault
        self._into.keys[fold(vault.id)] = found.keys
        self._into.problems += found.problems
        self._into.grew()

    async def _consumers(self) -> None:
        """All kinds at once; the clusters are worked out when the disk encryption sets are there."""
        types = {kind.resource_type: kind.api_version for kind in CONSUMERS.values()}
        documents = await self._resources({_IDENTITY: api.IDENTITIES, **types})
        into = self._into
        for document in documents[_IDENTITY]:
            identity = parse_identities.user_assigned_identity(document)
            if identity is not None:
                into.related.identities[fold(identity.resource_id or "")] = identity
                into.identities[identity.principal_id.lower()] = identity
        for kind in CONSUMERS.values():
            await add_consumers(self._session, into, kind, documents[kind.resource_type])
            into.grew()

    async def _chains(self) -> None:
        """The management groups above each subscription; unknown where the graph does not tell."""
        try:
            rows = await resource_graph.query(self._session, _CHAINS, self._ids)
        except AzureFailure as failure:
            self._into.fail(failure, "management groups")
            return
        for row in rows:
            chain = parse.inside(row, "properties", "managementGroupAncestorsChain")
            subscription = self._into.subscriptions.get(str(row.get("subscriptionId")).lower())
            if subscription is not None and isinstance(chain, list):
                above = tuple(_MANAGEMENT_GROUP + str(link.get("name")) for link in chain)
                self._into.subscriptions[subscription.id] = replace(subscription, management_groups=above)

    async def _holders(self) -> None:
        await read_vault_assignments(self._session, self._into)
        await read_missing_definitions(self._session, self._into)
        await read_directory(self._session, self._into)
        await read_memberships(self._session, self._into)

    async def _versions(self) -> None:
        """The versions of the keys that consumers name; other keys' versions are read when somebody looks at them."""
        used = self._into.used_keys()

        async def of_vault(folded: str, held: tuple[Key, ...]) -> None:
            """One after the other, over the connection that is open already."""
            found = list(held)
            for at, key in enumerate(held):
                if KeyId(key.id.host, key.id.name.lower()) in used and key.versions is None:
                    async with self._gate:
                        found[at] = await read_versions(self._session, key, self._into.problems.append)
            self._into.keys[folded] = tuple(found)
            self._into.grew()

        hosts = {key.host for key in used}
        vaults = [vault for vault in self._into.vaults.values() if vault.host in hosts]
        await together(*(of_vault(fold(vault.id), self._into.keys.get(fold(vault.id), ())) for vault in vaults))
