"""Give a MySQL server, flexible or single, its platform-managed key back.

Sources: `az mysql flexible-server update`, as az sends it; AD mysql/single-server/how-to-data-encryption-cli.md.
"""

from cmk_admin.domain.problems import Problem
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs import making
from cmk_admin.domain.verbs.attach_mysql import FLEXIBLE, platform_settings, server_key_name


def problems(target: Target) -> tuple[Problem, ...]:
    """A server that cannot read its data cannot encrypt them anew."""
    state = (target.state or "").lower()
    if state == "ready":
        return ()
    if target.busy:
        said = f"{target.name} is being changed just now ({target.state}): wait until that has ended."
        return (Problem(code="busy", sentence=said, field="consumer"),)
    if state == "inaccessible":
        said = f"{target.name} is Inaccessible: repair its key first, or its data cannot be read to be encrypted anew."
    else:
        said = (
            f"{target.name} is {target.state or 'in a state that could not be read'}: it must be Ready. Start it first."
        )
    return (Problem(code="not-ready", sentence=said, field="consumer"),)


def steps(target: Target) -> tuple[Step, ...]:
    """One write of the server's settings."""
    key = target.key
    if key is None:
        return ()
    path = f"PATCH {target.id}" if target.service == FLEXIBLE else f"DELETE {target.id}/keys/{server_key_name(key)}"
    before = {name: value for name, value in target.settings.items() if name != "with"}
    return (
        making.set_consumer_key(
            target.id,
            before,
            platform_settings(target),
            words=f"Encrypt {target.name} with a platform-managed key again",
            undo_words=f"Encrypt {target.name} with {key.name} again",
            request=path,
            stage=0,
        ),
    )


def still_needed(target: Target) -> str:
    """What still needs the key after it was taken off."""
    name = target.key.name if target.key else "the key"
    return f"Keep {name} and its grant alive: backups made until now, and servers restored from them, still need it."
