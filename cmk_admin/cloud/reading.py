"""Pieces that reading a whole estate and reading one key anew share."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cmk_admin.cloud import keys, parse, parse_identities
from cmk_admin.cloud.collected import Collected, problem_of
from cmk_admin.cloud.consumers.related import ConsumerKind
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.model import CoverageProblem, Key, KeyVersion, Source

Documents = list[Mapping[str, Any]]
"""ARM envelopes."""


async def add_consumers(
    session: Session, into: Collected, kind: ConsumerKind, documents: Documents, *, urgent: bool = False
) -> None:
    """Note the consumers among ARM envelopes, and the identities that these show."""
    for consumer in await kind.consumers_of(session, documents, into.related, urgent):
        into.related.add(consumer)
    for document in documents:
        into.add_identities(parse_identities.identities_of(document))


async def read_versions(
    session: Session, key: Key, note: Callable[[CoverageProblem], None], *, urgent: bool = False
) -> Key:
    """The key with its versions, from where the key itself was read."""
    try:
        if key.source is Source.ARM:
            versions = await keys.list_arm_versions(session, key.vault_id, key.id.name, urgent=urgent)
        else:
            versions = await keys.list_versions(session, key.id, urgent=urgent)
    except AzureFailure as failure:
        note(problem_of(failure, f"{key.id}/versions"))
        return key
    newest = parse.newest_first(versions, key.current_version)
    return replace(key, versions=tuple(_as_shown(key, one) for one in newest))


def _as_shown(key: Key, version: KeyVersion) -> KeyVersion:
    """A version, with the operations that the key tells of its current one."""
    return replace(version, operations=key.operations) if version.id.version == key.current_version else version


def note_invisible_vaults(into: Collected) -> None:
    """A vault that a consumer names and that is not among the visible ones makes coverage incomplete."""
    seen = {vault.host for vault in into.vaults.values()}
    named: dict[str, str] = {}
    for key, consumers in into.used_keys().items():
        if key.host not in seen:
            named.setdefault(key.host, consumers[0].name)
    for host, name in named.items():
        into.problems.append(
            CoverageProblem(
                scope=host,
                kind=FailureKind.NOT_VISIBLE,
                message=f"{name} uses a key of {host}, a vault that this account cannot see.",
            )
        )
