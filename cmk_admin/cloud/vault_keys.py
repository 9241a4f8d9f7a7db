"""All keys of a vault: by the data plane, else through the resource manager."""

from dataclasses import dataclass, replace

from cmk_admin.cloud.collected import problem_of
from cmk_admin.cloud.keys import get_arm_key_facts, get_key, list_arm_keys, list_keys
from cmk_admin.cloud.lanes import in_lanes
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.model import CoverageProblem, Key, Source, Vault

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
            if failure.azure_code == "KeyDisabled":
                # whether a vault shows a disabled key is not documented, and reports differ; the resource manager does
                try:
                    return await get_arm_key_facts(session, vault.id, key.id.name, urgent=urgent)
                except AzureFailure as also:
                    failure = also
            problems.append(problem_of(failure, str(key.id)))
            return key

    lanes = min(_LANES, -(-len(listed) // _KEYS_PER_LANE))
    got = await in_lanes(one, listed, lanes)
    keys = sorted((key for key in got if key is not None), key=lambda key: key.id.name.lower())
    return VaultKeys(
        vault=replace(vault, keys_from=Source.DATA_PLANE, problem=None), keys=tuple(keys), problems=tuple(problems)
    )


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
