"""What a PATCH says of a server's other settings: clients send all that they read, changed or not."""

from typing import Any

from cmk_admin.sandbox.state import Document

CHANGEABLE = ("identity", "tags", "dataEncryption")
"""What this sandbox changes of a server."""

_ABSENT = (None, "", "Disabled")


def changed(server: Document, body: Document, properties: Document) -> str | None:
    """The first setting that a PATCH would change and that cannot be changed here; None where all are as they are."""
    asked = ((server, {name: body[name] for name in body if name != "properties"}), (server["properties"], properties))
    for held, wanted in asked:
        for name, value in wanted.items():
            if name not in CHANGEABLE and not _same(held.get(name), value):
                return name
    return None


def _same(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        within = held if isinstance(held, dict) else {}
        return all(_same(within.get(name), value) for name, value in wanted.items())
    if held is None:
        # A setting that the server does not show is off.
        return wanted in _ABSENT
    return str(held).lower() == str(wanted).lower()
