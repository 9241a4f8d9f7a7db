"""Attach: give a service a key. What is asked and done differs from service to service; each has a file of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cmk_admin.domain.ids import KeyId, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.problems import Problem, blocking, warning
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import attach_aks_disks, attach_aks_etcd, attach_mysql
from cmk_admin.domain.verbs.attaching import AttachDraft
from cmk_admin.domain.verbs.changes_aks import DISK_SET, DISKS, ETCD

__all__ = ["HOWS", "AttachDraft", "plan", "problems"]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How one service takes a key."""

    problems: Callable[[AttachDraft, Index, Surroundings], tuple[Problem, ...]]
    steps: Callable[[AttachDraft, Index, Surroundings], tuple[Step, ...]]
    watches: Callable[[AttachDraft, Surroundings], tuple[Watch, ...]]
    what: str = "{name}"
    """What of the resource is encrypted, in words."""


_MYSQL = How(problems=attach_mysql.problems, steps=attach_mysql.steps, watches=attach_mysql.watches)
_SET = How(problems=attach_aks_disks.problems, steps=attach_aks_disks.steps, watches=attach_aks_disks.watches)
_DISKS = replace(_SET, what="volumes of {name}")
_ETCD = How(
    problems=attach_aks_etcd.problems,
    steps=attach_aks_etcd.steps,
    watches=attach_aks_etcd.watches,
    what="the secrets of {name}",
)

HOWS: dict[str, How] = {
    attach_mysql.FLEXIBLE: _MYSQL,
    attach_mysql.SINGLE: _MYSQL,
    DISKS: _DISKS,
    DISK_SET: _SET,
    ETCD: _ETCD,
}
"""By a service's name; a service that is missing takes no key from here."""


def problems(draft: AttachDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What forbids the attach and what should be known before it."""
    how = HOWS.get(draft.service)
    if how is None:
        said = (
            "Choose what kind of service gets the key."
            if not draft.service
            else f"A {draft.service} takes no key from here."
        )
        return (Problem(code="no-service", sentence=said, field="service"),)
    return how.problems(draft, index, around)


def plan(draft: AttachDraft, index: Index, around: Surroundings) -> Plan:
    """What is made and granted, then the one write that changes the service, then what is watched."""
    how = HOWS.get(draft.service)
    said = problems(draft, index, around)
    target = around.target(draft.consumer)
    name = target.name if target else last(draft.consumer)
    key = draft.key
    what = how.what if how else "{name}"
    steps = how.steps(draft, index, around) if how else ()
    return Plan(
        verb="attach",
        title=f"Encrypt {what.format(name=name or 'a service')} with {key.name if key else 'a key'}",
        subject=str(key or ""),
        steps=steps,
        watches=tuple(_after(watch, steps) for watch in how.watches(draft, around)) if how and steps else (),
        documents=_documents(draft),
        warnings=(*warning(said), *around.unread),
        problems=blocking(said),
        context=tuple(("key", str(one)) for one in keys_of(draft, index)),
    )


def keys_of(draft: AttachDraft, index: Index) -> tuple[KeyId, ...]:
    """The keys that it is about."""
    return tuple(key for key in (draft.key, draft.geo_key) if key is not None)


def _after(watch: Watch, steps: tuple[Step, ...]) -> Watch:
    """The time by which a grant counts everywhere comes before the service's own."""
    if watch.within_seconds is None:
        return watch
    effect = max((step.effect_seconds or 0 for step in steps), default=0)
    return replace(watch, within_seconds=watch.within_seconds + effect)


def _documents(draft: AttachDraft) -> tuple[tuple[str, str], ...]:
    """The storage class of disks, which somebody may want to apply by other means."""
    text = attach_aks_disks.storage_class(draft) if draft.service == DISKS else None
    return ((f"{draft.storage_class}.yaml", text),) if text else ()
