"""Whether each plane of the cloud answers this account: the sign-in host, the resource manager, a vault, Microsoft Graph."""

from collections.abc import Sequence
from dataclasses import dataclass

from cmk_admin.cloud import api
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.words import count

SIGN_IN, ARM, VAULT, GRAPH = "sign-in", "arm", "vault", "graph"

_LOOKED_AT = 5
"""How many vaults are tried, and how many subscriptions are asked for some where none is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What one host answered."""

    name: str
    """sign-in, arm, vault or graph."""
    host: str
    words: str
    """What it answered, where it did."""
    failure: AzureFailure | None = None
    """Why it did not, else None."""


async def reach(session: Session, vault_hosts: Sequence[str]) -> tuple[Reached, ...]:
    """Ask each plane one small question. `vault_hosts`: vaults that may be tried, the first that answers is told.

    Never raises for what a host answers: that is in the result.
    """
    sign_in, (arm, subscriptions), graph = await together(_sign_in(session), _arm(session), _graph(session))
    hosts = vault_hosts or await _some_vaults(session, subscriptions)
    return sign_in, arm, await _first_vault(session, hosts[:_LOOKED_AT]), graph


async def _sign_in(session: Session) -> Reached:
    host = session.names.authority
    try:
        await session.authority_answers()
    except AzureFailure as failure:
        return Reached(name=SIGN_IN, host=host, words="", failure=failure)
    return Reached(name=SIGN_IN, host=host, words=f"Signed in as {session.account.name}.")


async def _arm(session: Session) -> tuple[Reached, list[str]]:
    host = session.names.arm_host
    try:
        listed = await session.arm_pages("/subscriptions", api_version=api.SUBSCRIPTIONS, urgent=True)
    except AzureFailure as failure:
        return Reached(name=ARM, host=host, words="", failure=failure), []
    if not listed:
        nothing = AzureFailure(
            FailureKind.NOT_VISIBLE,
            "The resource manager answers, but the account sees no subscription.",
            next="Ask for the role Reader on the subscriptions whose keys you look after.",
        )
        return Reached(name=ARM, host=host, words="", failure=nothing), []
    words = f"{count(len(listed), 'subscription')} can be seen."
    return Reached(name=ARM, host=host, words=words), [str(each["subscriptionId"]) for each in listed]


async def _graph(session: Session) -> Reached:
    host = session.names.graph_host
    ids = {"ids": [session.account.object_id]}
    try:
        await session.graph("POST", "/directoryObjects/getByIds", body=ids, read=True, urgent=True)
    except AzureFailure as failure:
        return Reached(name=GRAPH, host=host, words="", failure=failure)
    return Reached(name=GRAPH, host=host, words="Names can be read from the directory.")


async def _first_vault(session: Session, hosts: Sequence[str]) -> Reached:
    """The first that answers: one vault's firewall says nothing of the others. Where none does, why the first did not."""
    tried: Reached | None = None
    for host in hosts:
        answered = await _vault(session, host)
        if answered.failure is None:
            return answered
        tried = tried or answered
    if tried is not None:
        return tried
    nothing = AzureFailure(
        FailureKind.NOT_VISIBLE,
        "The account sees no vault, so none could be tried.",
        next="Ask for the role Reader on a vault, or name a vault to try.",
    )
    return Reached(name=VAULT, host="", words="", failure=nothing)


async def _vault(session: Session, host: str) -> Reached:
    try:
        await session.vault("GET", host, "/keys", params={"maxresults": "1"}, urgent=True)
    except AzureFailure as failure:
        return Reached(name=VAULT, host=host, words="", failure=failure)
    return Reached(name=VAULT, host=host, words="Its keys can be listed.")


async def _some_vaults(session: Session, subscriptions: Sequence[str]) -> list[str]:
    """Vaults of the first subscription that has any; none where the resource manager names none, or cannot be asked."""
    for subscription in subscriptions[:_LOOKED_AT]:
        path = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"
        try:
            listed = await session.arm_pages(path, api_version=api.VAULTS, urgent=True)
        except AzureFailure:
            # Why the resource manager does not list them is not what is asked here: another one may
            continue
        if listed:
            return [name + session.names.vault_suffixes[0] for name in sorted(str(v["name"]).lower() for v in listed)]
    return []
