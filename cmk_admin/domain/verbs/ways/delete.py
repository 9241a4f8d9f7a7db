"""Delete the key softly. Purging is never offered: what is purged cannot be given back."""

from cmk_admin.domain import words
from cmk_admin.domain.verbs import changes_revoke
from cmk_admin.domain.verbs.ways import naming
from cmk_admin.domain.verbs.ways.asked import Asked, Way
from cmk_admin.domain.verbs.ways.blocked import blocked

NAME = "delete"


def way(asked: Asked) -> Way:
    """The key, and the other keys of the same consumers that nobody else uses."""
    index = asked.index
    wrong: list[str] = []
    keys = []
    for key in asked.own_keys:
        vault, found = index.vault_of(key), index.key(key)
        if vault is None:
            wrong.append(naming.unseen(key))
        elif found is None:
            wrong.append(f"{key.name} was not read in {vault.name}.")
        elif vault.soft_delete_days is None:
            wrong.append(f"Soft delete is off in {vault.name}: a deleted key would be gone for good.")
        else:
            keys.append(found.id.key)
    steps = tuple(changes_revoke.delete_key(key) for key in keys)
    planned, lots = naming.shut_for_everybody(asked, asked.own_keys)
    vault = asked.vault
    days = words.count(vault.soft_delete_days, "day") if vault and vault.soft_delete_days else "the vault's retention"
    purge = "" if vault and vault.purge_protection else " Without purge protection somebody could purge it for good."
    return Way(
        verb="Delete the key",
        title=f"Delete {'the key' if len(steps) < 2 else f'{len(steps)} keys'} (recoverable)",
        steps=steps,
        paths=planned,
        lots=lots,
        problems=(*naming.managed(asked), *blocked(asked, steps), *wrong),
        warnings=(*naming.shared_keys(asked), *([purge.strip()] if purge else [])),
        others=naming.others(lots),
        survives=f"The key can be recovered for {days} by whoever may recover keys.{purge}",
        undone=f"The key is recovered with all its versions, within {days}.",
        never_first=bool(naming.managed(asked)),
    )
