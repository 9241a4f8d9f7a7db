"""A live connection in words, wherever it has to be said that this is for real."""

from cmk_admin.domain.sign_in import CLOUD_WORDS, WAY_WORDS
from cmk_admin.operations.connection import ConnectionInfo, ConnectionKind, LiveChoice


def cloud_words(cloud: str) -> str:
    """``Azure US Government``."""
    return CLOUD_WORDS.get(cloud, cloud)


def window_title(info: ConnectionInfo) -> str:
    """What stands in the window's title."""
    if info.kind is not ConnectionKind.LIVE:
        return f"CMK Admin – {info.kind.value}"
    return f"CMK Admin – LIVE – tenant {info.account.tenant_id}"


def signed_in(info: ConnectionInfo) -> str:
    """Who is signed in, how and where, and what should be known of it."""
    way = WAY_WORDS.get(info.signed_in_by, "")
    through = f" through {way}" if way else ""
    first = (
        f"Signed in as {info.account.name}{through}: {cloud_words(info.account.cloud)}, "
        f"tenant {info.account.tenant_id}. What is done here is done for real."
    )
    return " ".join((first, *info.notes))


def last_choice(choice: LiveChoice) -> str:
    """What was open last, on its door."""
    tenant = f", tenant {choice.tenant}" if choice.tenant else ""
    return cloud_words(choice.cloud) + tenant
