"""The ways to take a key from who uses it, and the one table of them."""

from collections.abc import Callable, Mapping

from cmk_admin.domain.verbs.ways import delete, disable, expiry, firewall, grants, operations
from cmk_admin.domain.verbs.ways.asked import Asked, Way

WAYS: Mapping[str, Callable[[Asked], Way]] = {
    grants.NAME: grants.way,
    disable.NAME: disable.way,
    operations.NAME: operations.way,
    firewall.NAME: firewall.way,
    delete.NAME: delete.way,
    expiry.NAME: expiry.way,
}
METHODS = tuple(name for name in WAYS if name != expiry.NAME)
"""What may be asked for; expiry is shown and is no method."""
