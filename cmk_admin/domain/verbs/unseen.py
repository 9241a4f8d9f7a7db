"""Services of which it is not known which key they use: each may use any key that it can reach."""

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Vault
from cmk_admin.domain.services import service
from cmk_admin.domain.services.requirements import Verdict
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes

_FROM_EVERYBODY = (StepVerb.DELETE_KEY, StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS, StepVerb.SET_NETWORK)
"""What takes a key from whoever uses it, as whom ever; a grant is one principal's."""


def may_use(index: Index, step: Step) -> tuple[str, ...]:
    """Sentences: which services, of whose keys nothing is known, may use one that a step takes from everybody.

    A service that by Azure's documents takes only keys of its own region uses none of a vault elsewhere.
    """
    if step.verb not in _FROM_EVERYBODY:
        return ()
    vault = index.vault(step.target) if step.verb is StepVerb.SET_NETWORK else index.vault_of(changes.key_of(step))
    return tuple(
        f"“{step.words}” waits: which key {one.name} uses could not be read, so that it may be this one{_because(index, one)}."
        for one in index.estate.consumers
        if not index.slots_of(one) and _reaches(one, vault)
    )


def _because(index: Index, consumer: Consumer) -> str:
    if consumer.holder_id is None or index.holder_of(consumer) is not None:
        return ""
    return f" (its disk encryption set {consumer.holder_id.rsplit('/', 1)[-1]} cannot be seen by this account)"


def _reaches(consumer: Consumer, vault: Vault | None) -> bool:
    if vault is None or not (vault.location and consumer.location):
        return True
    near = _region(vault.location) == _region(consumer.location)
    return near or service(consumer.service).needs.other_region is not Verdict.REFUSED


def _region(name: str) -> str:
    """As Resource Graph spells it: ``West Europe`` is ``westeurope``."""
    return name.replace(" ", "").lower()
