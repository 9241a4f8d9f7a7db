"""Finding the handler of a path, and Azure's words for paths and api-versions that nothing answers."""

import re
from collections import defaultdict
from functools import lru_cache

from .wire import AzureError, Route, Routes

_VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})(-[a-z]+)?", re.IGNORECASE)
# Key Vault counted 7.0 to 7.6, with previews, before it turned to dates; so clients still ask.
_VAULT_VERSION = re.compile(r"7\.[0-6](-preview(\.\d+)?)?", re.IGNORECASE)


class Router:
    """The table of routes, indexed so that a call looks at a handful of patterns, most literal first."""

    def __init__(self, routes: Routes) -> None:
        self._by_length: dict[tuple[str, str, int], list[Route]] = defaultdict(list)
        self._open_ended: dict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in routes.all:
            if "{*" in route.template:
                self._open_ended[route.plane, route.method].append(route)
            else:
                self._by_length[route.plane, route.method, route.template.rstrip("/").count("/")].append(route)
        for found in (*self._by_length.values(), *self._open_ended.values()):
            found.sort(key=_specificity)
        self._all = routes.all

    def find(self, plane: str, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a path and what its template names in it."""
        # A HEAD is answered as its GET, whose body then stays behind.
        for verb in (method, "GET") if method == "HEAD" else (method,):
            for route in (
                *self._by_length.get((plane, verb, path.count("/")), ()),
                *self._open_ended.get((plane, verb), ()),
            ):
                match = route.pattern.fullmatch(path)
                if match is not None:
                    return route, match.groupdict()
        return None

    def unknown(self, plane: str, method: str, path: str, version: str) -> AzureError:
        """The error for a path that has no route."""
        if any(route.plane == plane and route.pattern.fullmatch(path) for route in self._all):
            return AzureError(
                405, "MethodNotAllowed", f"The requested resource does not support http method '{method}'."
            )
        if plane == "graph":
            segment = path.strip("/").split("/")[-1]
            return AzureError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
        if plane != "arm":
            return AzureError(404, "NotFound", "The requested resource was not found.")
        namespace, kind = provider_and_type(path)
        if namespace is None:
            return AzureError(
                404,
                "MissingSubscription",
                "The request did not have a subscription or a valid tenant level resource provider.",
            )
        if namespace.lower() not in _namespaces(tuple(route.template for route in self._all)):
            return AzureError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
        return AzureError(
            404,
            "InvalidResourceType",
            f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'.",
        )


def check_version(route: Route, path: str, version: str | None) -> None:
    """Raise AzureError 400 unless the api-version is one that the route's resource type knows."""
    if route.versions is None:
        return
    oldest, newest = route.versions
    if route.plane == "vault":
        if version is None:
            raise AzureError(400, "BadParameter", "api-version must be specified")
        if not _within(version, oldest, newest) and not _VAULT_VERSION.fullmatch(version):
            raise AzureError(400, "BadParameter", f"The specified version ({version}) is not recognized.")
        return
    version = require_version(version)
    if _within(version, oldest, newest):
        return
    namespace, kind = provider_and_type(path)
    if namespace is None or _VERSION.fullmatch(version) is None:
        raise AzureError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{newest},{oldest}'.",
        )
    raise AzureError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location 'westeurope' and API version '{version}' for type '{kind}'. "
        f"The supported api-versions are '{oldest}, {newest}'. The supported locations are 'westeurope'.",
    )


def require_version(version: str | None) -> str:
    """The api-version of a call to the resource manager. Raises AzureError 400 where there is none."""
    if not version:
        raise AzureError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    return version


def provider_and_type(path: str) -> tuple[str | None, str]:
    """The last provider's namespace in an ARM path and the resource type after it (``vaults/keys``)."""
    parts = path.split("/")
    for at in range(len(parts) - 2, 0, -1):
        if parts[at].lower() == "providers":
            return parts[at + 1], "/".join(parts[at + 2 :: 2])
    return None, ""


@lru_cache(maxsize=8192)
def scope_of(path: str) -> str:
    """The scope that an ARM path acts at: the resource itself, or what a collection or an action hangs under."""
    parts = path.split("/")[1:]
    start = 0
    for at in range(len(parts) - 1, -1, -1):
        if parts[at].lower() == "providers" and at % 2 == 0:
            start = at
            break
    else:
        return "/" + "/".join(parts[: len(parts) // 2 * 2]) if len(parts) > 1 else "/"
    # After the provider come pairs of type and name; what is left over is a collection or an action.
    pairs = (len(parts) - start - 2) // 2
    kept = parts[: start + 2 + 2 * pairs] if pairs else parts[:start]
    return "/" + "/".join(kept)


@lru_cache(maxsize=2048)
def _within(version: str, oldest: str, newest: str) -> bool:
    match = _VERSION.fullmatch(version)
    return match is not None and oldest[:10] <= match[1] <= newest[:10]


@lru_cache(maxsize=4)
def _namespaces(templates: tuple[str, ...]) -> frozenset[str]:
    found = (provider_and_type(template)[0] for template in templates)
    return frozenset(name.lower() for name in found if name is not None)


def _specificity(route: Route) -> list[int]:
    return [2 if s.startswith("{*") else 1 if s.startswith("{") else 0 for s in route.template.rstrip("/").split("/")]
