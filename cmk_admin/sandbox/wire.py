"""What every service of the sandbox speaks in: a call, an answer, an error, and the table of routes."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .state import World


@dataclass(slots=True, frozen=True)
class Caller:
    """Who sent a call, taken from a token that this sandbox minted."""

    object_id: str
    client_id: str
    name: str
    kind: str
    address: str
    trusted: bool
    """A managed identity or a consumer: what Azure calls a trusted service, which passes a firewall with its bypass on."""


class AzureError(Exception):
    """An error answer in Azure's shape: {"error": {"code", "message", "innererror": {"code"}}}."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        inner: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.inner = status, code, message, inner
        self.headers = dict(headers or {})


@dataclass(slots=True)
class Call:
    """One request, authenticated, with its path matched."""

    world: World
    method: str
    host: str
    path: str
    """As sent, percent-decoded, without a trailing slash."""
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    params: dict[str, str] = field(default_factory=dict)
    """What the route's template named, spelt as sent."""
    caller: Caller | None = None
    route: "Route | None" = None
    """What the path was matched to."""
    request_id: str = ""
    correlation_id: str = ""
    changes: list[str] | None = None
    """Of a write that sends a whole resource: the paths in which it differs from what the resource showed before."""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises AzureError 400 where it is none."""
        try:
            value = json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise AzureError(
                400, "InvalidRequestContent", "The request content was invalid and could not be deserialized."
            )
        return value

    @property
    def who(self) -> Caller:
        """The caller of a route that needs one."""
        if self.caller is None:
            raise AzureError(
                401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
            )
        return self.caller


@dataclass(slots=True)
class Answer:
    """What a handler returns; bytes go out as they are, None as an empty body, anything else as JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(slots=True, frozen=True)
class Route:
    """One method and path of one kind of host."""

    plane: str
    """``arm``, ``vault``, ``login`` or ``graph``: which hosts it stands on."""
    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    action: str | None
    """ARM: the action that the caller needs at the path's scope; None where the handler decides for itself."""
    versions: tuple[str, str] | None
    """The oldest and newest api-version answered (a -preview of a date within counts)."""


class Routes:
    """The table of routes. Templates are paths with {names}; a name matches one segment, {*name} any number of them.

    Literal segments are compared without case, as ARM does.
    """

    def __init__(self) -> None:
        self.all: list[Route] = []

    def arm(
        self, method: str, template: str, *, action: str | None, versions: tuple[str, str]
    ) -> Callable[[Handler], Handler]:
        """Register a route of the resource manager."""
        return self._add("arm", method, template, action, versions)

    def vault(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Register a route of every vault's data plane."""
        return self._add("vault", method, template, None, ("2016-10-01", "2025-07-01"))

    def login(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Register a route of the sign-in hosts."""
        return self._add("login", method, template, None, None)

    def graph(self, method: str, template: str) -> Callable[[Handler], Handler]:
        """Register a route of Microsoft Graph."""
        return self._add("graph", method, template, None, None)

    def _add(
        self, plane: str, method: str, template: str, action: str | None, versions: tuple[str, str] | None
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.all.append(Route(plane, method, template, _pattern(template), handler, action, versions))
            return handler

        return register


def _pattern(template: str) -> re.Pattern[str]:
    def segment(text: str) -> str:
        if text.startswith("{*"):
            return f"(?P<{text[2:-1]}>.+)"
        return f"(?P<{text[1:-1]}>[^/]+)" if text.startswith("{") else re.escape(text)

    return re.compile("/".join(segment(s) for s in template.rstrip("/").split("/")) + "/?", re.IGNORECASE)
