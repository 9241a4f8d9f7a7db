"""All paths of vaults and keys, on both planes."""

from cmk_admin.sandbox.wire import Routes

from . import contents, routes_arm_keys, routes_crypto, routes_keys, routes_vaults


def register(routes: Routes) -> None:
    """Put them into the table."""
    routes_vaults.register(routes)
    routes_arm_keys.register(routes)
    routes_keys.register(routes)
    routes_crypto.register(routes)
    contents.register(routes)
