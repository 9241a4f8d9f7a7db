"""Disable every enabled version of the key: the current one, pinned ones and previous ones."""

from cmk_admin.domain import words
from cmk_admin.domain.steps import Step
from cmk_admin.domain.verbs import changes
from cmk_admin.domain.verbs.ways import naming
from cmk_admin.domain.verbs.ways.asked import Asked, Way
from cmk_admin.domain.verbs.ways.blocked import blocked

NAME = "disable"


def way(asked: Asked) -> Way:
    """Every enabled version of the key, and of the other keys of the same consumers that nobody else uses."""
    steps: list[Step] = []
    wrong: list[str] = []
    for key in asked.own_keys:
        found, why = naming.read_key(asked, key)
        used = naming.known_uses(asked, key)
        wrong += [why] if why else []
        steps += [
            changes.set_enabled(version, False, known_use=(version.id.version or "").lower() in used)
            for version in (found.versions if found else None) or ()
            if version.enabled
        ]
    already = not steps and not wrong
    if already:
        wrong = [f"Every version of {asked.key.name} is disabled already."]
    planned, lots = naming.shut_for_everybody(asked, asked.own_keys)
    return Way(
        verb="Disable the key",
        title=f"Disable {words.count(len(steps), 'version')}",
        steps=tuple(steps),
        paths=planned,
        lots=lots,
        problems=(*naming.managed(asked), *blocked(asked, steps), *wrong),
        warnings=naming.shared_keys(asked),
        others=naming.others(lots),
        survives="Every grant stays; a version that is made or enabled afterwards is open to all who hold one.",
        undone="The versions that were enabled are enabled again.",
        never_first=bool(naming.managed(asked)),
        already=already,
    )
