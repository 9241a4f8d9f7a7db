"""All keys of a vault: by the data plane, else through the resource manager."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cmk_admin.cloud.collected import problem_of
from cmk_admin.cloud.keys import get_key, list_arm_keys, list_keys
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.model import CoverageProblem, Key, Source, Vault

_T = TypeVar("_T")
_R = TypeVar("_R")

# Keys of one vault that are asked for at once: one connection for each few of them. A TLS handshake costs more CPU than
# several requests, so a small vault is read over one connection, and a large one over at most eight.
_KEYS_PER_LANE = 8
_LANES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKeys:
    """What a vault's keys are, where they were read from, and what could not be read."""

    vault: Vault
    keys: tuple[Key, ...]
    problems: tuple[CoverageProblem, ...] = ()


async def read_vault_keys(session: Session, vault: Vault, *, urgent: bool = False) -> VaultKeys:
    """List the vault's keys and get each of them. Never raises AzureFailure: what went wrong is in the answer."""
    try:
        listed = await list_keys(session, vault.id, vault.host, urgent=urgent)
    except AzureFailure as failure:
        return await _through_arm(session, vault, failure, urgent=urgent)
    problems: list[CoverageProblem] = []

    async def one(key: Key) -> Key | None:
        try:
            return await get_key(session, vault.id, key.id, urgent=urgent)
        except AzureFailure as failure:
            if failure.kind is FailureKind.NOT_FOUND:  # deleted since it was listed
                return None
            problems.append(problem_of(failure, str(key.id)))
            return key

    lanes = min(_LANES, -(-len(listed) // _KEYS_PER_LANE))
    got = await in_lanes(one, listed, lanes)
    keys = sorted((key for key in got if key is not None), key=lambda key: key.id.name.lower())
    return VaultKeys(
        vault=replace(vault, keys_from=Source.DATA_PLANE, problem=None), keys=tuple(keys), problems=tuple(problems)
    )


async def in_lanes(work: Callable[[_T], Awaitable[_R]], items: Sequence[_T], lanes: int) -> list[_R]:
    """Do `work` for each item, `lanes` at a time; the results in the items' order."""
    if lanes <= 1:
        return [await work(item) for item in items]
    results: dict[int, _R] = {}
    left = iter(enumerate(items))

    async def lane() -> None:
        for at, item in left:
            results[at] = await work(item)

    await asyncio.gather(*(lane() for _ in range(lanes)))
    return [results[at] for at in range(len(items))]


async def _through_arm(session: Session, vault: Vault, failure: AzureFailure, *, urgent: bool) -> VaultKeys:
    """The data plane said no: the resource manager may still tell what keys there are."""
    problem = problem_of(failure, vault.id)
    marked = replace(vault, problem=problem)
    try:
        keys = await list_arm_keys(session, vault.id, urgent=urgent)
    except AzureFailure as also:
        both = (problem, problem_of(also, f"{vault.id}/keys"))
        return VaultKeys(vault=replace(marked, keys_from=Source.UNREAD), keys=(), problems=both)
    keys.sort(key=lambda key: key.id.name.lower())
    return VaultKeys(vault=replace(marked, keys_from=Source.ARM), keys=tuple(keys), problems=(problem,))
