"""A connection in words and JSON: who is signed in, and which hosts answer."""

from collections.abc import Sequence

from cmk_admin.cli.table import printable, table
from cmk_admin.domain.sign_in import CLOUD_WORDS, WAY_WORDS
from cmk_admin.domain.wire import JsonObject
from cmk_admin.operations.interface import ConnectionInfo, HostReach

SIGN_IN_HELP = "How to sign in is chosen by --auth: " + ", ".join(WAY_WORDS) + "."

_NAMES = {"sign-in": "Sign-in", "arm": "Resource manager", "vault": "Vault", "graph": "Microsoft Graph"}


def signed_in_text(info: ConnectionInfo) -> str:
    """Who is signed in where, and how, to a live Azure."""
    cloud = CLOUD_WORDS.get(info.account.cloud, info.account.cloud)
    way = WAY_WORDS.get(info.signed_in_by, info.signed_in_by)
    first = f"LIVE: {cloud}, tenant {info.account.tenant_id}, signed in as {info.account.name} through {way}."
    return "\n".join(printable(line) for line in (first, *info.notes))


def hosts_document(hosts: Sequence[HostReach]) -> JsonObject:
    """``connection --format json``."""
    return {
        "hosts": [
            {
                "name": one.name,
                "host": one.host or None,
                "state": "ok" if one.ok else "failed",
                "message": one.message,
                "next": one.next,
            }
            for one in hosts
        ]
    }


def hosts_text(hosts: Sequence[HostReach]) -> str:
    """The same as a table, and below it what to do about those that failed."""
    rows = [[_NAMES[one.name], one.host or "–", "ok" if one.ok else "FAILED", one.message] for one in hosts]
    advice = [f"{_NAMES[one.name]}: {one.next}" for one in hosts if one.next]
    text = table(("What", "Host", "State", "Answer"), rows, empty="")
    return "\n".join([text, *(["", *(printable(line) for line in advice)] if advice else [])])
