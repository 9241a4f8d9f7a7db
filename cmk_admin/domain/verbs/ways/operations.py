"""Take unwrapKey and decrypt out of what the versions may be used for: what is wrapped stays wrapped."""

from cmk_admin.domain import words
from cmk_admin.domain.model import Key, KeyVersion
from cmk_admin.domain.steps import Step
from cmk_admin.domain.verbs import changes_revoke
from cmk_admin.domain.verbs.ways import naming
from cmk_admin.domain.verbs.ways.asked import Asked, Way
from cmk_admin.domain.verbs.ways.blocked import blocked

NAME = "operations"


def way(asked: Asked) -> Way:
    """Of every enabled version of the key, and of the other keys of the same consumers that nobody else uses."""
    steps: list[Step] = []
    wrong: list[str] = []
    for key in asked.own_keys:
        found, why = naming.read_key(asked, key)
        wrong += [why] if why else []
        made, unread = _narrowed(found) if found else ((), 0)
        steps += made
        if unread:
            wrong.append(
                f"What {words.count(unread, 'version')} of {key.name} may be used for was not read: the check with Azure "
                "reads it."
            )
    already = not steps and not wrong
    if already:
        wrong = [f"No enabled version of {asked.key.name} may unwrap or decrypt: that is so already."]
    planned, lots = naming.shut_for_everybody(asked, asked.own_keys)
    return Way(
        verb="Take unwrapKey and decrypt away",
        title=f"Take unwrapKey and decrypt from {words.count(len(steps), 'version')}",
        steps=tuple(steps),
        paths=planned,
        lots=lots,
        problems=(*naming.managed(asked), *blocked(asked, steps), *wrong),
        warnings=naming.shared_keys(asked),
        others=naming.others(lots),
        survives="Wrapping, encrypting and every grant go on; whoever may update the key can put the operations back.",
        undone="The operations are set to what they were.",
        never_first=bool(naming.managed(asked)),
        already=already,
    )


def _narrowed(key: Key) -> tuple[tuple[Step, ...], int]:
    """The steps, and of how many enabled versions it is not known what they may be used for."""
    enabled = [version for version in key.versions or () if version.enabled]
    known = [(version, found) for version in enabled if (found := operations_of(key, version)) is not None]
    opening = [(v, found) for v, found in known if any(one.lower() in changes_revoke.OPENING for one in found)]
    return tuple(changes_revoke.narrow_operations(v, found) for v, found in opening), len(enabled) - len(known)


def operations_of(key: Key, version: KeyVersion) -> tuple[str, ...] | None:
    """What a version may be used for; the key tells it of its current one. None: not read."""
    if version.operations is not None:
        return version.operations
    current = (key.current_version or "").lower() == (version.id.version or "").lower()
    return key.operations if current else None
