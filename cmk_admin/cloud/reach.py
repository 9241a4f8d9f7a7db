"""Whether each plane of the cloud answers this account: the sign-in host, the resource manager, a vault, Microsoft Graph."""

from collections.abc import Sequence
from dataclasses import dataclass

from cmk_admin.cloud import api
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.words import count

SIGN_IN, ARM, VAULT, GRAPH = "sign-in", "arm", "vault", "graph"

_VAULTS_LOOKED_AT = 5
"""Subscriptions that are asked for a vault where none is known."""


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
    """Ask each plane one small question, all at once. `vault_hosts`: vaults that may be tried, the first one is.

    Never raises for what a host answers: that is in the result.
    """
    sign_in, (arm, subscriptions), graph = await together(_sign_in(session), _arm(session), _graph(session))
    host = next(iter(vault_hosts), None) or await _some_vault(session, subscriptions)
    return sign_in, arm, await _vault(session, host), graph


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


async def _vault(session: Session, host: str | None) -> Reached:
    if host is None:
        nothing = AzureFailure(
            FailureKind.NOT_VISIBLE,
            "The account sees no vault, so none could be tried.",
            next="Ask for the role Reader on a vault, or name a vault to try.",
        )
        return Reached(name=VAULT, host="", words="", failure=nothing)
    try:
        await session.vault("GET", host, "/keys", params={"maxresults": "1"}, urgent=True)
    except AzureFailure as failure:
        return Reached(name=VAULT, host=host, words="", failure=failure)
    return Reached(name=VAULT, host=host, words="Its keys can be listed.")


async def _some_vault(session: Session, subscriptions: Sequence[str]) -> str | None:
    """A vault that the resource manager names; None where it names none, or cannot be asked."""
    for subscription in subscriptions[:_VAULTS_LOOKED_AT]:
        path = f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults"
        try:
            listed = await session.arm_pages(path, api_version=api.VAULTS, urgent=True)
        except AzureFailure:
            # Why the resource manager does not list them is not what is asked here: another one may
            continue
        if listed:
            name = sorted(str(each["name"]).lower() for each in listed)[0]
            return name + session.names.vault_suffixes[0]
    return None
