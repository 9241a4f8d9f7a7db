"""Detach: back to a platform-managed key, where Azure allows it; and what still needs the old key afterwards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cmk_admin.domain import words
from cmk_admin.domain.access import PathKind, paths, usable
from cmk_admin.domain.ids import KeyId, fold, key_scope, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.problems import Problem, blocking, warning
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import changes, changes_aks, detach_aks, detach_mysql, rights
from cmk_admin.domain.verbs.undo import would_cut


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachDraft:
    """Which service shall do without its key."""

    consumer: str = ""
    """ARM id."""
    service: str = ""
    """A name of `domain.services`."""
    drop_grant: bool = False
    """Also remove the identity's grant at the key, once nobody reports the key any more; not possible for etcd."""


_TITLE = "Encrypt {name} with a platform-managed key again"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How one service gives a key up."""

    problems: Callable[[Target], tuple[Problem, ...]]
    steps: Callable[[Target], tuple[Step, ...]]
    still_needed: Callable[[Target], str]
    """A sentence: what still needs the key afterwards."""
    title: str = _TITLE
    keeps_grant: str | None = None
    """Why its grant is never taken along, as a sentence; None: it may go when nobody reports the key any more."""


_MYSQL = How(problems=detach_mysql.problems, steps=detach_mysql.steps, still_needed=detach_mysql.still_needed)
_ETCD = How(
    problems=detach_aks.problems,
    steps=detach_aks.steps,
    still_needed=detach_aks.still_needed,
    title="Encrypt the secrets of {name} in etcd with no key of yours any more",
    keeps_grant=f"The grant stays: {changes_aks.ALIVE}",
)

HOWS: dict[str, How] = {"mysql-flexible": _MYSQL, "mysql-single": _MYSQL, "aks-etcd": _ETCD}
"""By a service's name; for one that is missing Azure has no way back (`CANNOT` says what can be done instead)."""

CANNOT: dict[str, str] = {
    "disk-encryption-set": "A disk encryption set always has a key. Give each disk a platform-managed key instead, while its "
    "machine is deallocated; disks with a history of incremental snapshots cannot leave theirs.",
    "aks-disks": "The disks of a cluster keep their disk encryption set for good. Move the workload to a cluster, or to volumes "
    "of a StorageClass, without it.",
}
"""Sentences (CD includes/virtual-machines-managed-disks-customer-managed-keys-restrictions.md)."""


def problems(draft: DetachDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What forbids it, and what still needs the key afterwards."""
    title = service(draft.service).title
    if draft.service not in HOWS:
        said = CANNOT.get(draft.service, f"Azure has no way back to a platform-managed key for {title}.")
        return (Problem(code="cannot-detach", sentence=said, field="service"),)
    target = around.target(draft.consumer)
    if target is None:
        said = f"{last(draft.consumer) or 'The resource'} could not be read."
        return (Problem(code="no-consumer", sentence=said, field="consumer"),)
    found = list(HOWS[draft.service].problems(target))
    if target.unclear is not None:
        found.append(Problem(code="key-unclear", sentence=target.unclear, field="consumer"))
    elif target.key is None:
        said = f"{target.name} uses no key of yours: there is nothing to detach."
        found.append(Problem(code="not-attached", sentence=said, field="consumer"))
    else:
        found.append(
            Problem(
                code="old-key-needed",
                sentence=HOWS[draft.service].still_needed(target),
                blocks=False,
            )
        )
    missing = rights.missing(
        around,
        rights.write_of(draft.service, taking=True),
        target.id,
        f"change {target.name}",
        field="consumer",
    )
    found += [missing] if missing else []
    found += rights.locked(index, [target.id], deletes=False, field="consumer")
    if draft.drop_grant:
        found += _grant_problems(draft, index, around, target)
    return tuple(found)


def plan(draft: DetachDraft, index: Index, around: Surroundings) -> Plan:
    """The one write that changes the service; then, on wish, the grant that nobody needs any more."""
    said = problems(draft, index, around)
    target = around.target(draft.consumer)
    how = HOWS.get(draft.service)
    steps: list[Step] = list(how.steps(target)) if how and target and target.key else []
    if steps and target and how and draft.drop_grant and how.keeps_grant is None:
        steps += _removals(index, target, stage=1 + max(step.stage for step in steps))
    name = target.name if target else last(draft.consumer)
    key = target.key.key if target and target.key else None
    return Plan(
        verb="detach",
        title=(how.title if how else _TITLE).format(name=name),
        subject=str(key or draft.consumer),
        steps=tuple(steps),
        watches=_watches(draft) if steps else (),
        warnings=(*warning(said), *around.unread),
        problems=blocking(said),
        context=tuple(("key", str(one)) for one in _keys(target)),
    )


def keys_of(draft: DetachDraft, index: Index) -> tuple[KeyId, ...]:
    """The keys that the consumer uses, as the estate knows it."""
    found = [one for one in index.consumers(draft.consumer) if one.service == draft.service]
    return tuple(dict.fromkeys(slot.key_id.key for one in found for slot in index.slots_of(one)))


def _keys(target: Target | None) -> tuple[KeyId, ...]:
    """The keys that the service uses, as its provider shows it."""
    found = (target.key, target.geo_key) if target else ()
    return tuple(one.key for one in found if one is not None)


def _watches(draft: DetachDraft) -> tuple[Watch, ...]:
    facts = service(draft.service)
    if not facts.up_words:
        # Of secrets in etcd no state tells anything: the step itself looks at the settings
        return ()
    return (Watch(consumer_id=draft.consumer, service=draft.service, wanted="back", within_seconds=facts.back_seconds),)


def _removals(index: Index, target: Target, *, stage: int) -> list[Step]:
    """The grants at the key itself, of the identity by which the service used it; wider ones stay."""
    found: dict[str, Step] = {}
    for consumer in index.consumers(target.id):
        for slot in index.slots_of(consumer):
            vault = index.vault_of(slot.key_id)
            if consumer.service != target.service or slot.principal_id is None or vault is None:
                continue
            for path in usable(paths(index, slot.key_id, slot.principal_id)):
                at_key = fold(path.scope) == fold(key_scope(vault.id, slot.key_id.name))
                if path.kind is PathKind.DIRECT and path.assignment is not None and at_key:
                    found[path.assignment.id] = replace(changes.remove_assignment(index, path.assignment), stage=stage)
                elif path.kind is PathKind.POLICY and path.policy is not None:
                    policy = path.policy
                    step = changes.set_policy(index, vault, policy, changes.without_keys(policy))
                    found[step.target] = replace(step, stage=stage)
    return list(found.values())


def _grant_problems(draft: DetachDraft, index: Index, around: Surroundings, target: Target) -> Iterator[Problem]:
    kept = HOWS[draft.service].keeps_grant
    if kept is not None:
        yield Problem(code="grant-needed", sentence=kept, field="drop_grant")
        return
    steps = list(HOWS[draft.service].steps(target))
    removals = _removals(index, target, stage=1 + max((step.stage for step in steps), default=0))
    steps += removals
    for sentence in would_cut(index, steps):
        yield Problem(code="grant-needed", sentence=sentence, field="drop_grant")
    for step in removals:
        missing = _missing_right(index, around, step)
        if missing is not None:
            yield missing
    if removals:
        said = (
            "The grant goes with this plan all the same: it must be given again before what needs the key is restored."
        )
        yield Problem(code="grant-goes", sentence=said, field="drop_grant", blocks=False)
    scopes = [scope for step in steps for scope in changes.keys_touched(index, step)]
    yield from rights.locked(index, scopes, deletes=True, field="drop_grant")


def _missing_right(index: Index, around: Surroundings, step: Step) -> Problem | None:
    """The account's right to take a grant."""
    if step.verb is StepVerb.SET_POLICY:
        scope = changes.parse_policy_target(step.target)[0]
        what, action = f"change the access policies of {last(scope)}", rights.WRITE_POLICIES
    else:
        scope = str((step.before or {})["scope"])
        what, action = f"take roles on {words.scope(index, scope)} away", rights.DELETE_ASSIGNMENTS
    return rights.missing(around, action, scope, what, field="drop_grant")
