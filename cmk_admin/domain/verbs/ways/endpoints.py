"""The ways into a vault that no firewall shuts: its private endpoints.

Traffic by an approved private endpoint passes whatever the firewall and the public network access say (KVD
general/network-security.md). Which of the services come by one is not in the estate: each of them may.
"""

from cmk_admin.domain import words
from cmk_admin.domain.model import PrivateEndpoint, Vault
from cmk_admin.domain.plan import PathState, PlannedPath

_SHUT = frozenset({"pending", "rejected", "disconnected"})
"""What a connection that carries nothing says of itself."""
_ANYBODY = "whoever comes by it"


def ways_in(vault: Vault) -> tuple[PlannedPath, ...]:
    """A path for each private endpoint by which somebody may come in; one that is unknown where they are not known."""
    if vault.private_endpoints is None:
        reason = "it could not be read whether the vault has private endpoints"
        return (_path(vault, "private endpoints", PathState.UNKNOWN, reason),)
    return tuple(_way(vault, one) for one in _carrying(vault))


def doubt(vault: Vault) -> str | None:
    """Why it is not certain that a firewall that is shut keeps somebody out; None: it is."""
    if vault.private_endpoints is None:
        return "it may come in by a private endpoint: they could not be read"
    names = [one.name for one in _carrying(vault)]
    if not names:
        return None
    which = words.listed(names, "or")
    return f"it may come in by the private endpoint {which}, which no firewall shuts"


def _carrying(vault: Vault) -> list[PrivateEndpoint]:
    return [one for one in vault.private_endpoints or () if (one.status or "").lower() not in _SHUT]


def _way(vault: Vault, one: PrivateEndpoint) -> PlannedPath:
    via = f"private endpoint {one.name}"
    if (one.status or "").lower() != "approved":
        return _path(vault, via, PathState.UNKNOWN, "it could not be read whether it is approved")
    reason = (
        f"it is approved: who comes by it is let through whatever the firewall says, and is not cut. Remove its connection "
        f"from {vault.name} to close it"
    )
    return _path(vault, via, PathState.STAYS_OPEN, reason)


def _path(vault: Vault, via: str, state: PathState, reason: str) -> PlannedPath:
    return PlannedPath(via=via, scope=vault.id, principal="", principal_name=_ANYBODY, state=state, reason=reason)
