"""The services of the sandbox: the one list of them."""

from importlib import import_module

from cmk_admin.sandbox import operations
from cmk_admin.sandbox.wire import Routes

NAMES = (
    "login",
    "directory",
    "arm",
    "activity",
    "authorization",
    "keyvault",
    "identity",
    "mysql",
    "mysqlsingle",
    "aks",
    "compute",
    "resourcegraph",
)


def register_all(routes: Routes) -> None:
    """Register every service's routes, and the addresses of long-running operations."""
    operations.register(routes)
    for name in NAMES:
        import_module(f"{__name__}.{name}.routes").register(routes)
