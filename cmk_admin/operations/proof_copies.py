"""Copies of a key, for a proof: which there are, each read again from its own vault, and what could not be read of them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cmk_admin.domain.access import AccessPath, paths
from cmk_admin.domain.copies import copies, to_be_read
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import KeyId, contains, fold, key_scope, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Key, Namesake, Source
from cmk_admin.domain.permissions import DATA_ACTIONS
from cmk_admin.domain.plan import Plan, PlannedPath
from cmk_admin.operations.interface import PathProof
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.namesakes import newly_seen

_log = logging.getLogger(__name__)
MOST = 8
"""Keys that are read to find out whether they are copies; what is beyond stays in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """The copies of a plan's keys."""

    ids: tuple[KeyId, ...] = ()
    """Those that were one when the plan was made, or that are one now."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Folded id -> why it could not be read again. What the estate says of it is old."""

    def of(self, index: Index, key: KeyId) -> tuple[Key, ...]:
        """The copies of a key that are there; also those that got another version since: the former one is still there."""
        found = {one.id.folded: one for one in copies(index, key)}
        for one in self.ids:
            there = index.key(one)
            if there is not None:
                found.setdefault(one.folded, there)
        return tuple(found.values())

    def why_unread(self, index: Index, path: PlannedPath) -> str | None:
        """Why a path to a copy is not known, where one that it may lead to could not be read again."""
        for copy in self.ids:
            why = self.unread.get(copy.folded)
            if why is not None and _leads_to(index, path, copy):
                return why
        return None


async def read_copies(
    inventory: Inventory, plan: Plan, keys: Sequence[KeyId], estate: Estate, asked: Sequence[Namesake], *, keep: bool
) -> tuple[Estate, Copies]:
    """The estate with the copies of the keys read again, one after the other. Raises nothing of Azure's.

    `asked`: what other vaults answered about the keys' names.
    """
    estate = await read_doubted(inventory, estate, keys, principals_of(plan), asked, keep=keep)
    index = Index(estate)
    own = {key.folded for key in keys}
    found = {one.folded: one for one in planned_copies(plan)}
    for key in keys:
        found |= {copy.id.folded: copy.id for copy in copies(index, key) if copy.id.folded not in own}
    unread: dict[str, str] = {}
    for copy in found.values():
        where = f"{copy.name} of {copy.vault_name}"
        if index.vault_of(copy) is None:
            unread[copy.folded] = f"{where} could not be read again: its vault is not visible to this account"
            continue
        try:
            estate = await inventory.look_on(estate, copy, keep=keep)
        except AzureFailure as failure:
            unread[copy.folded] = f"{where} could not be read again: {failure.message}"
            continue
        why = _problem(estate, copy)
        if why is not None:
            unread[copy.folded] = f"{where} could not be read again: {why}"
    return replace(estate, namesakes=tuple(asked)), Copies(ids=tuple(found.values()), unread=unread)


async def read_doubted(
    inventory: Inventory,
    estate: Estate,
    keys: Sequence[KeyId],
    principals: Sequence[str],
    asked: Sequence[Namesake],
    *,
    keep: bool,
) -> Estate:
    """The estate with what may be a copy of the keys, and is within the principals' reach, read again; at most `MOST`.

    So is what came since, as far as `asked` tells. What cannot be read stays in doubt. Raises nothing of Azure's.
    """
    index = Index(estate)
    doubted = {one.folded: one for one in newly_seen(estate, asked)}
    doubted |= {one.folded: one for key in keys for one in to_be_read(index, key, principals)}
    for one in tuple(doubted.values())[:MOST]:
        try:
            estate = await inventory.look_on(estate, one, keep=keep)
        except AzureFailure:
            _log.info("what may be a copy could not be read", extra={"target": str(one)})
    return replace(estate, namesakes=tuple(asked))


def principals_of(plan: Plan) -> tuple[str, ...]:
    """The object ids of whoever a plan cuts off."""
    return tuple(value for name, value in plan.context if name == "principal")


def planned_copies(plan: Plan) -> tuple[KeyId, ...]:
    """The copies that were known when the plan was made."""
    return tuple(parse_key_id(value) for name, value in plan.context if name == "copy")


def shut_copy(index: Index, key: Key, access: AccessPath) -> tuple[PathProof, str] | None:
    """What a path to a copy is worth of which no version is enabled; None: some version is, or they were not read.

    It is closed, unless its holder may enable a version by itself.
    """
    if key.source is not Source.DATA_PLANE or key.versions is None or any(version.enabled for version in key.versions):
        return None
    shut = f"no version of the copy {key.id.name} of {key.id.vault_name} is enabled"
    enabling = paths(index, key.id, access.principal_id, (DATA_ACTIONS["update"],))
    if not enabling:
        return PathProof.CLOSED, shut
    if access.unknown is None and any(path.unknown is None for path in enabling):
        return PathProof.OPEN, f"{shut}, but it can enable one by itself"
    return PathProof.UNKNOWN, f"{shut}, but it may be able to enable one: {access.unknown or enabling[0].unknown}"


def _problem(estate: Estate, copy: KeyId) -> str | None:
    vault = Index(estate).vault_of(copy)
    if vault is None:
        return "its vault is not visible to this account"
    if vault.problem is not None:
        return vault.problem.message
    return "its keys were not read" if vault.keys_from is Source.UNREAD else None


def _leads_to(index: Index, path: PlannedPath, copy: KeyId) -> bool:
    vault = index.vault_of(copy)
    return vault is None or contains(path.scope, key_scope(vault.id, copy.name)) or fold(path.scope) == fold(vault.id)
