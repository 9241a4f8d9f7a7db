"""Shut the vault's firewall, to trusted Azure services too: everything in the vault is out of reach."""

from dataclasses import replace

from cmk_admin.domain import words
from cmk_admin.domain.ids import fold
from cmk_admin.domain.model import Vault
from cmk_admin.domain.plan import PathState, PlannedPath
from cmk_admin.domain.verbs import changes_revoke
from cmk_admin.domain.verbs.ways import endpoints, naming
from cmk_admin.domain.verbs.ways.asked import Asked, Way
from cmk_admin.domain.verbs.ways.blocked import blocked

NAME = "firewall"


def way(asked: Asked) -> Way:
    """The vault of the key; consumers of all of its keys are hit."""
    vault = asked.vault
    if vault is None:
        return Way(verb="Shut the firewall", problems=(naming.unseen(asked.key),), never_first=True)
    shut = vault.default_deny and not vault.trusted_bypass
    steps = () if shut else (changes_revoke.shut_firewall(vault),)
    planned, _ = naming.shut_for_everybody(asked, (asked.key,))
    lots = naming.lots_of(asked, [use.consumer for use in asked.index.uses_of_host(vault.host)])
    hit = tuple(lot.consumer.id for lot in lots if not lot.wanted)
    none = (f"The firewall of {vault.name} is shut already, to trusted services too.",) if shut else ()
    doubt = endpoints.doubt(vault)
    keys = (key for key in asked.keys[1:] if key.host != vault.host.lower())
    return Way(
        verb="Shut the firewall",
        title=f"Shut the firewall of {vault.name}",
        steps=steps,
        paths=(*(_shut(path, hit, doubt) for path in planned), *endpoints.ways_in(vault)),
        lots=tuple(replace(lot, doubt=doubt) for lot in lots),
        problems=(*blocked(asked, steps), *none),
        warnings=(
            *filter(None, (_contents(asked, vault),)),
            *(f"{key.name} of {key.vault_name} is a key of the same service too, and is not touched." for key in keys),
        ),
        others=" ".join(filter(None, (naming.others(lots), _contents(asked, vault)))),
        survives="Traffic through an approved private endpoint still passes, and what the firewall's own rules let in; "
        "every grant stays. It may shut this computer out as well.",
        undone="The firewall is set to what it was, by Azure Resource Manager, which it does not shut out.",
        within_seconds=changes_revoke.FIREWALL_SECONDS,
        never_first=True,
        lets_in="approved private endpoints and what its own rules let in, where there are any",
        shares="the same vault",
    )


def _shut(path: PlannedPath, hit: tuple[str, ...], doubt: str | None) -> PlannedPath:
    """A path through the vault; where one may lead past the firewall, nobody knows whether it closes."""
    if doubt is None:
        return replace(path, also_cuts=hit)
    return replace(path, also_cuts=hit, state=PathState.UNKNOWN, reason=doubt)


def _contents(asked: Asked, vault: Vault) -> str:
    """What else of the vault is out of reach, in a sentence; empty where it holds nothing else."""
    found = asked.around.contents.get(fold(vault.id)) if asked.around else None
    secrets, certificates = (found.secrets, found.certificates) if found else (None, None)
    if secrets is None and certificates is None:
        return f"Secrets and certificates of {vault.name} are out of reach too; how many there are could not be read."
    counts = [
        words.count(number, one) if number is not None else f"an unknown number of {one}s (could not be read)"
        for number, one in ((secrets, "secret"), (certificates, "certificate"))
        if number != 0
    ]
    return f"Out of reach with it in {vault.name}: {words.listed(counts)}." if counts else ""
