"""The resource providers, as far as this sandbox has routes of theirs."""

from collections import defaultdict

from cmk_admin.sandbox.router import provider_and_type
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Route, Routes

from . import model
from .paging import page

_VERSIONS = ("2014-04-01", "2026-12-31")


def register(routes: Routes) -> None:
    """Register the lists of providers, which are drawn from the table of routes itself."""

    async def listed(call: Call) -> Answer:
        model.check_subscription(call.world, call.who, call.params["subscription"])
        return page(call, [_provider(call, name, kinds) for name, kinds in sorted(_known(routes.all).items())])

    async def one(call: Call) -> Answer:
        model.check_subscription(call.world, call.who, call.params["subscription"])
        wanted = call.params["namespace"]
        for name, kinds in _known(routes.all).items():
            if name.lower() == wanted.lower():
                return Answer(_provider(call, name, kinds))
        raise AzureError(404, "InvalidResourceNamespace", f"The resource namespace '{wanted}' is invalid.")

    base = "/subscriptions/{subscription}/providers"
    routes.arm("GET", base, action=None, versions=_VERSIONS)(listed)
    routes.arm("GET", base + "/{namespace}", action=None, versions=_VERSIONS)(one)


def _known(routes: list[Route]) -> dict[str, dict[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for route in routes:
        name, kind = provider_and_type(route.template)
        if route.plane == "arm" and name and kind and "{" not in name + kind and route.versions is not None:
            found[name][kind] = route.versions
    return found


def _provider(call: Call, name: str, kinds: dict[str, tuple[str, str]]) -> Document:
    return {
        "id": f"/subscriptions/{call.params['subscription']}/providers/{name}",
        "namespace": name,
        "resourceTypes": [
            {
                "resourceType": kind,
                "locations": ["West Europe"],
                "apiVersions": [newest, oldest],
                "capabilities": "None",
            }
            for kind, (oldest, newest) in sorted(kinds.items())
        ],
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    }
