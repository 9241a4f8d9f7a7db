"""Whether the hosts of a connection answer, each in a sentence with what to do."""

from collections.abc import Sequence

from cmk_admin.cloud.reach import GRAPH, Reached, reach
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import is_vault_host
from cmk_admin.domain.model import Estate
from cmk_admin.operations.connection import HostReach


async def reach_hosts(session: Session, estate: Estate | None, vault: str | None = None) -> tuple[HostReach, ...]:
    """Whether each plane answers; `vault` (a name or a host) is tried, else one of the estate's. Raises BadInput."""
    hosts = (_host(vault, session.names.vault_suffixes),) if vault else _hosts_of(estate)
    return tuple(_words(one) for one in await reach(session, hosts))


def _words(one: Reached) -> HostReach:
    if one.failure is None:
        return HostReach(name=one.name, host=one.host, ok=True, message=one.words)
    lost = " Names of people and applications will be missing." if one.name == GRAPH else ""
    return HostReach(name=one.name, host=one.host, ok=False, message=one.failure.message + lost, next=one.failure.next)


def _host(vault: str, suffixes: Sequence[str]) -> str:
    host = vault.lower().removeprefix("https://").rstrip("/")
    host = host if "." in host else host + suffixes[0]
    if not is_vault_host(host, tuple(suffixes)):
        raise BadInput(
            "bad-vault",
            f"“{vault}” is not a vault of this cloud; nothing was sent to it.",
            subject=vault,
            next="Name it by its name, or by its host name, which ends in " + " or ".join(suffixes) + ".",
        )
    return host


def _hosts_of(estate: Estate | None) -> tuple[str, ...]:
    """The estate's vaults, those first whose keys could be read."""
    if estate is None:
        return ()
    read = {key.id.host for key in estate.keys}
    return tuple(sorted((vault.host for vault in estate.vaults), key=lambda host: (host not in read, host)))
