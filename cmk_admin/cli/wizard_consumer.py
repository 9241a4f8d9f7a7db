"""``detach``, ``revalidate`` and ``repair`` on the command line: each is about a service that has a key."""

import argparse
from collections.abc import Callable
from typing import Any

from cmk_admin.cli.wizard import Typed, Wizard, nothing_to_check
from cmk_admin.domain import resolve
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.repair import RepairDraft
from cmk_admin.domain.verbs.revalidate import RevalidateDraft
from cmk_admin.operations.interface import Backend

_USES = {"disks": "aks-disks", "etcd": "aks-etcd"}
_WORDS = {"disks": "disks", "etcd": "secrets in etcd"}


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("consumer", metavar="CONSUMER", help="the service, by name or id")
    parser.add_argument("--use", choices=tuple(_USES), help="of a cluster: its disks, or its secrets in etcd")


def _add_detach(parser: argparse.ArgumentParser) -> None:
    _add(parser)
    parser.add_argument("--drop-grant", action="store_true", help="remove the identity's grant at the key too")


def _consumer(typed: Typed, index: Index) -> Consumer:
    """The service; of a cluster that uses keys in more than one way the one that `--use` names. Raises BadInput."""
    found = resolve.consumer(index, typed["consumer"])
    ways = index.consumers(found.id)
    use = typed.get("use")
    if use is not None:
        ways = tuple(one for one in ways if one.service == _USES[use])
    if len(ways) == 1:
        return ways[0]
    named = tuple(
        sorted(
            f"--use {use}" for use, name in _USES.items() for one in index.consumers(found.id) if one.service == name
        )
    )
    if ways:
        sentence, advice = f"{found.name} uses keys in more than one way.", "Say which with --use."
    else:
        sentence = f"{found.name} does not use a key for its {_WORDS[str(use)]}."
        advice = "Say which with --use." if named else "Leave --use out."
    raise BadInput("no-use", sentence, subject=fold(found.id), next=advice, candidates=named)


def _verb(
    make: Callable[[Consumer, Typed], Draft],
    *,
    add: Callable[[argparse.ArgumentParser], None] = _add,
    more: tuple[str, ...] = (),
) -> Wizard:
    async def draft(typed: Typed, index: Index, backend: Backend) -> Any:
        return make(_consumer(typed, index), typed)

    return Wizard(options=("consumer", "use", *more), add=add, check=nothing_to_check, draft=draft)


DETACH = _verb(
    lambda one, typed: DetachDraft(consumer=one.id, service=one.service, drop_grant=typed.get("drop_grant", False)),
    add=_add_detach,
    more=("drop_grant",),
)
REVALIDATE = _verb(
    lambda one, _: RevalidateDraft(consumer=one.id, service=one.service),
)
REPAIR = _verb(
    lambda one, _: RepairDraft(consumer=one.id, service=one.service),
)
