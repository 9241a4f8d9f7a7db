"""The connection file: all that a client needs to reach a running sandbox, and to be somebody there."""

import glob
import json
from pathlib import Path
from typing import Any

from .state import Document, World
from .tls import PART, write_private

KEYS = frozenset(
    {
        "proxy",
        "tls_port",
        "ca_file",
        "control",
        "instance_id",
        "tenant_id",
        "subscriptions",
        "speed",
        "principals",
    }
)


def principals(world: World) -> dict[str, Document]:
    """Everybody who can sign in, by name; of two with one name, the later one is named by its resource's group too."""
    named: dict[str, Document] = {}
    for _, principal in world.items("principal"):
        if principal.get("secret"):
            name = str(principal["displayName"])
            if name in named:
                parts = str(principal.get("resourceId") or "").split("/")
                name = f"{parts[4] if len(parts) > 4 else principal['objectId']}/{name}"
            named[name] = principal
    return named


def describe(world: World, *, proxy_port: int, tls_port: int, ca_file: Path, control: str) -> dict[str, Any]:
    """The connection file's content."""
    meta = world.get("meta", "world") or {}
    return {
        "proxy": f"http://127.0.0.1:{proxy_port}",
        "tls_port": tls_port,
        "ca_file": str(ca_file),
        "control": control,
        "instance_id": meta["instance_id"],
        "tenant_id": world.tenant_id,
        "subscriptions": [document["subscriptionId"] for _, document in world.items("subscription")],
        "speed": world.clock.speed,
        "principals": {
            name: {"object_id": p["objectId"], "client_id": p["clientId"], "secret": p["secret"]}
            for name, p in principals(world).items()
        },
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the file whole, at once, readable by its owner only."""
    write_private(path, (json.dumps(content, indent=2) + "\n").encode())


def read(path: Path) -> dict[str, Any]:
    """A connection file's content. Raises ValueError with one sentence where the file is none."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(f"the connection file {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not a connection file") from error
    if not isinstance(content, dict) or not content.keys() >= KEYS:
        raise ValueError(f"{path} is not a connection file")
    return content


def remove_stale(path: Path) -> None:
    """Remove what an earlier run left there, also of one that was killed while it wrote: all its secrets are in it.

    Raises ValueError where it is something else, which is not ours to remove.
    """
    if path.exists():
        read(path)
        path.unlink()
    for part in path.parent.glob(f"{glob.escape(path.name)}.*{PART}"):
        part.unlink()


def remove_own(path: Path, control: str) -> None:
    """Remove the file at the end of a run, unless another run has put its own in place since."""
    if path.exists() and read(path)["control"] == control:
        path.unlink()
