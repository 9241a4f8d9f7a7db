"""From what happened to what is right for it: the method, why, what is contained, and what comes next."""

from collections.abc import Mapping, Sequence

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, holders, paths
from cmk_admin.domain.copies import copies
from cmk_admin.domain.ids import same
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.permissions import DATA_ACTIONS, GETS_AT_DATA
from cmk_admin.domain.plan import PathState
from cmk_admin.domain.regrants import regrants
from cmk_admin.domain.services import service
from cmk_admin.domain.verbs import cuts
from cmk_admin.domain.verbs.revoking import Cause, RevokeDraft
from cmk_admin.domain.verbs.ways import disable, grants, naming
from cmk_admin.domain.verbs.ways.asked import Asked, Way
from cmk_admin.domain.verbs.ways.blocked import blocked

TAKES_OUT = (DATA_ACTIONS["backup"], DATA_ACTIONS["release"])
"""What gets a copy of a key out of its vault."""

CONTAINS = frozenset({Cause.KEY_LEAKED, Cause.OPERATOR})
"""Causes whose plan cuts people, and no service."""

WHY: Mapping[Cause, str] = {
    Cause.SERVICE: "Who is named loses its data now; nobody else is touched where that can be helped.",
    Cause.UNKNOWN: "As long as it is not known what happened, only grants go: nothing that others share is disabled, and "
    "all of it can be given back.",
    Cause.KEY_LEAKED: "Disabling a key that has leaked stops your services and touches no copy of it: first nobody may take "
    "out another one, then the services move, then the key is disabled (KVD keys/secure-keys.md).",
    Cause.OPERATOR: "What a suspect account may do with the key is taken from it; the services go on.",
}


def method(draft: RevokeDraft) -> str:
    """The method that is right where none is named."""
    if draft.cause is not Cause.SERVICE or draft.consumers or draft.principals:
        return grants.NAME
    return disable.NAME


def why(draft: RevokeDraft) -> str:
    """Why this is the plan, in a sentence."""
    if draft.cause is Cause.SERVICE and not (draft.consumers or draft.principals):
        return "Only the key is named, so that whoever uses it is cut; shut as a whole it is closed by whatever path."
    return WHY[draft.cause]


def people(draft: RevokeDraft) -> bool:
    """Whether the plan cuts people: so it does for some causes, where no method was asked for."""
    return draft.method is None and draft.cause in CONTAINS


def contain(asked: Asked, draft: RevokeDraft) -> Way:
    """Remove what lets people take the key out, or what a suspect account may do with it."""
    if asked.vault is None:
        return Way(verb="Remove grants", problems=(naming.unseen(asked.key),))
    found = _suspect(asked, draft.principals) if draft.cause is Cause.OPERATOR else _takers(asked)
    kept = cuts.kept_because if draft.cause is Cause.OPERATOR else _kept_because
    removed = grants.removal(asked.index, found, asked.removals, kept=kept)
    closed = frozenset(removed.numbers)
    also = cuts.also_cut(asked.index, (asked.key.host,), found, closed, frozenset())
    lots = grants.bystanders(also)
    return Way(
        verb="Remove grants",
        title=f"Remove {words.count(len(removed.steps), 'grant')}",
        steps=removed.steps,
        paths=grants.planned(asked.index, found, removed.numbers, also, kept=kept),
        lots=lots,
        problems=(*blocked(asked, removed.steps), *_wrong(asked, draft, found, bool(removed.steps))),
        others=grants.others(asked.index, lots, removed.gone, draft.principals),
        survives="The key and the grants of the services stay as they are; copies that were taken out before stay copies.",
        undone="The same grants are made again, under the same names.",
        within_seconds=grants.within(removed.steps),
        not_restored=grants.not_restored(removed.steps),
        warnings=(*grants.slow(asked.index, removed.steps), *(_own(asked) if draft.cause is Cause.KEY_LEAKED else ())),
        kept=removed.kept,
        gone=removed.gone,
        shares="the same grant",
    )


def _kept_because(index: Index, path: AccessPath) -> str | None:
    """As for any path; besides, the grant of an identity by which services work is left to a choice."""
    why = cuts.kept_because(index, path)
    names = [use.consumer.name for use in index.uses_of_principal(path.principal_id)]
    if why or not names:
        return why
    return f"it is the grant by which {naming.listed(names)} may work: a service is not cut unasked"


def nothing_left(asked: Asked, draft: RevokeDraft, way: Way) -> tuple[str, ...]:
    """The good news of a leak, as a finding: nobody can take the key out, so that there is nothing to remove."""
    clean = people(draft) and draft.cause is Cause.KEY_LEAKED and not (way.steps or way.paths or way.problems)
    if not clean:
        return ()
    return (f"Nobody but you and the services can take {asked.key.name} out: nothing is left to remove here.",)


def after(asked: Asked, draft: RevokeDraft) -> tuple[str, ...]:
    """What is to be done after the plan, in order."""
    key = asked.key
    if draft.cause is not Cause.KEY_LEAKED:
        return ()
    users: Sequence[Consumer] = tuple(dict.fromkeys(use.consumer for use in asked.everybody))
    return (
        "Create a new key in a clean vault, that only people whom you trust administer.",
        *(f"Move {one.name} ({service(one.service).title}) to the new key." for one in users),
        f"Then disable every version of {key.name} of {key.vault_name}.",
        _elsewhere(asked),
    )


def _elsewhere(asked: Asked) -> str:
    """What is known of copies, in a sentence."""
    found = [f"{copy.id.name} of {copy.id.vault_name}" for copy in copies(asked.index, asked.key)]
    known = f"; these are known: {naming.listed(found)}" if found else "; none is known, and not all can be"
    return f"Copies that were restored or imported elsewhere are independent: disable them there as well{known}."


def actions(draft: RevokeDraft) -> tuple[str, ...]:
    """The data actions that the plan's paths are about."""
    if draft.cause is Cause.KEY_LEAKED:
        return TAKES_OUT
    return (*GETS_AT_DATA, *TAKES_OUT) if draft.cause is Cause.OPERATOR else GETS_AT_DATA


def _takers(asked: Asked) -> tuple[AccessPath, ...]:
    """The paths by which people can take the key out; not those of the account that does this, nor of the services."""
    index, me = asked.index, asked.index.estate.account.object_id
    serving = {use.slot.principal_id.lower() for use in asked.everybody if use.slot.principal_id}
    return tuple(
        path
        for path in holders(index, asked.key, TAKES_OUT)
        if not same(path.principal_id, me) and path.principal_id.lower() not in serving and not _holds(path, me)
    )


def _own(asked: Asked) -> tuple[str, ...]:
    """That the account that does this can take the key out itself, as a sentence: that is not taken from it."""
    index, me = asked.index, asked.index.estate.account
    by = [
        f"{words.via(index, path)} on {words.scope(index, path.scope)}"
        for path in holders(index, asked.key, TAKES_OUT)
        if same(path.principal_id, me.object_id)
    ]
    return (f"You can still take {asked.key.name} out, as {me.name}: {naming.listed(by)}.",) if by else ()


def title(asked: Asked, way: Way) -> str:
    """What is done against a leak, and no more: others, and copies, are not touched by it."""
    who = len({path.principal for path in way.paths if path.state is PathState.WILL_CLOSE})
    if not who:
        return f"Contain {asked.key.name}"
    return f"Contain {asked.key.name}: take the right from {words.count(who, 'account')} that could take it out"


def _suspect(asked: Asked, principals: Sequence[str]) -> tuple[AccessPath, ...]:
    """What the suspect accounts may do with the key, and that they may grant it again."""
    me = asked.index.estate.account.object_id
    again = regrants(asked.index, asked.key)
    found: list[AccessPath] = []
    for one in principals:
        found += paths(asked.index, asked.key, one, (*GETS_AT_DATA, *TAKES_OUT))
        found += [path for path in again if same(path.principal_id, one)]
    return tuple(path for path in dict.fromkeys(found) if not _holds(path, me))


def _holds(path: AccessPath, principal: str) -> bool:
    """Whether the grant of a path names the principal itself."""
    grant = path.assignment or path.eligibility
    return grant is not None and same(grant.principal_id, principal)


def _wrong(asked: Asked, draft: RevokeDraft, found: Sequence[AccessPath], any_steps: bool) -> tuple[str, ...]:
    index, key = asked.index, asked.key
    me = index.estate.account.object_id
    if draft.cause is Cause.OPERATOR and not draft.principals:
        who = [words.who(index, path.principal_id) for path in regrants(index, key) if path.principal_id]
        return (
            f"Say which accounts are suspect. Who could grant {key.name} again: {naming.listed(who) or 'not known'}.",
        )
    if any(same(one, me) for one in draft.principals):
        return (
            "You are signed in with a suspect account: sign in with another one, so that it does not cut itself off.",
        )
    if any_steps:
        return ()
    if found:
        return (
            "Every grant that was found is wider than the vault, a group's, a service's or unread: choose what is to be "
            "removed.",
        )
    if draft.cause is Cause.OPERATOR:
        return (
            f"The suspect accounts hold no grant to use, take out or grant {key.name} again: nothing is left to remove.",
        )
    return ()
