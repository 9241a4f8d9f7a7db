"""A restore of some consumers: which steps they need, who comes back with them, and what stays revoked."""

from collections.abc import Iterable, Sequence

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import fold, last, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes, cuts
from cmk_admin.domain.verbs.ways import naming

_OF_VERSIONS = (StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS)
_OF_EVERYBODY = (*_OF_VERSIONS, StepVerb.DELETE_KEY, StepVerb.SET_NETWORK)
_OF_CONSUMERS = (StepVerb.STOP_CONSUMER, StepVerb.START_CONSUMER)


def consumers_named(plan: Plan, named: Sequence[str]) -> tuple[str, ...]:
    """The ids of the consumers of a revoke that are named, by id or by name.

    Raises BadInput ``unknown-consumer``, ``ambiguous-consumer``.
    """
    cut = {fold(one.consumer_id): one.consumer_id for one in plan.watches if one.wanted == "lost"}
    names = {fold(one.consumer_id): one.consumer_name for one in plan.effects}
    found: dict[str, None] = {}
    for text in named:
        hits = [
            whole for folded, whole in cut.items() if text.lower() in (folded, names.get(folded, last(whole)).lower())
        ]
        if len(hits) == 1:
            found[hits[0]] = None
            continue
        sentence = (
            f"“{text}” is more than one of the services that this revoke cut."
            if hits
            else f"“{text}” is none of the services that this revoke cut."
        )
        raise BadInput(
            "ambiguous-consumer" if hits else "unknown-consumer",
            sentence,
            subject=text,
            next="Name it by its id." if hits else "Name one that it cut, or none to give back all of it.",
            candidates=tuple(sorted(hits or cut.values())),
        )
    return tuple(found)


def needed(index: Index, steps: Sequence[Step], consumers: Iterable[str]) -> tuple[Step, ...]:
    """The steps of a revoke that must be taken back so that these consumers come back."""
    whole = cuts.with_dependants(index, [one for each in consumers for one in index.consumers(each)])
    ids = {fold(one.id) for one in whole}
    slots = [slot for one in whole for slot in index.slots_of(one)]
    holders = {slot.principal_id.lower() for slot in slots if slot.principal_id}
    holders |= {group for one in holders for group in index.group_ids_of(one)}
    keys = [slot.key_id for slot in slots]

    def needs(step: Step) -> bool:
        if step.verb in _OF_CONSUMERS:
            return fold(step.target) in ids
        if step.verb in _OF_VERSIONS:
            version = parse_key_id(step.target)
            return any(
                cuts.same_key(one, version) and (one.version or version.version) == version.version for one in keys
            )
        if step.verb is StepVerb.DELETE_KEY:
            return any(cuts.same_key(one, parse_key_id(step.target)) for one in keys)
        if step.verb is StepVerb.SET_NETWORK:
            vaults = (index.vault_of(one) for one in keys)
            return any(vault is not None and fold(vault.id) == fold(step.target) for vault in vaults)
        return _holder(step) in holders

    return tuple(step for step in steps if needs(step))


def _holder(step: Step) -> str | None:
    """Whose grant a step of a revoke took, folded; None: it took no grant."""
    holder = changes.principal_of(step) or (step.before or {}).get("principal_id")
    return holder.lower() if isinstance(holder, str) else None


def let_in(index: Index, plan: Plan, steps: Sequence[Step]) -> tuple[str, ...]:
    """Those of whom a revoke cut that these of its steps, taken back, let at the data again."""
    who = tuple(dict.fromkeys(value for name, value in plan.context if name == "principal"))
    if any(step.verb in _OF_EVERYBODY for step in steps):
        return who
    holders = {_holder(step) for step in steps}
    return tuple(one for one in who if holders.intersection((one.lower(), *index.group_ids_of(one))))


def unread(index: Index, plan: Plan, consumers: Iterable[str]) -> tuple[str, ...]:
    """Sentences: of which consumers it is not known what they need."""
    return tuple(
        f"{_name(plan, one)} could not be read, so that it is not known what it needs: give everything back instead."
        for one in consumers
        if not any(slot.principal_id for each in index.consumers(one) for slot in index.slots_of(each))
    )


def along(
    index: Index, plan: Plan, steps: Sequence[Step], chosen: Sequence[Step], named: Sequence[str]
) -> tuple[str, ...]:
    """Ids of the consumers that come back too, since they need nothing else."""
    mine = {fold(one) for one in named}
    found = {}
    for watch in plan.watches:
        if watch.wanted != "lost" or fold(watch.consumer_id) in mine:
            continue
        own = needed(index, steps, (watch.consumer_id,))
        if own and all(step in chosen for step in own):
            found[fold(watch.consumer_id)] = watch.consumer_id
    return tuple(found.values())


def sentences(plan: Plan, rest: Sequence[Step], back: Sequence[str]) -> tuple[str, ...]:
    """Who comes back besides, and what stays revoked."""
    said = []
    if back:
        who = naming.listed([_name(plan, one) for one in back])
        said.append(f"Comes back too, since it needs the same: {who}.")
    said += [f"Stays revoked: “{step.words}” is not taken back." for step in rest]
    return tuple(said)


def _name(plan: Plan, consumer_id: str) -> str:
    told = (one.consumer_name for one in plan.effects if fold(one.consumer_id) == fold(consumer_id))
    return next(told, last(consumer_id))
