"""The control of a sandbox: what a program that works on one may ask besides Azure."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.runtime.clock import ConnectionClock


class Control:
    """One sandbox's control, asked over the session's own connections."""

    def __init__(self, url: str, http: aiohttp.ClientSession, within: float) -> None:
        """`within`: real seconds for an answer."""
        self._url = url.rstrip("/")
        self._http = http
        self._within = aiohttp.ClientTimeout(total=within)

    async def ask(self, name: str) -> dict[str, Any]:
        """GET of one of its documents. Raises aiohttp.ClientError, TimeoutError, ValueError (it is no object)."""
        async with self._http.get(f"{self._url}/{name}", timeout=self._within) as answer:
            answer.raise_for_status()
            document = await answer.json(content_type=None)
        if not isinstance(document, dict):
            raise ValueError("the control answered something else")
        return document

    async def set_clock(self, clock: ConnectionClock) -> None:
        """Set a clock to the sandbox's calendar and speed. Raises AzureFailure."""
        try:
            document = await self.ask("clock")
            there = datetime.fromisoformat(str(document["now"]))
            clock.speed = float(document["speed"])
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AzureFailure(FailureKind.UNREACHABLE, "The sandbox does not answer; it may have ended.") from error
        except (KeyError, TypeError, ValueError) as error:
            raise AzureFailure(FailureKind.FAILED, "The sandbox's clock could not be read.") from error
        ahead = there - datetime.now(UTC)
        # below a second it is only the way there and back
        clock.ahead = ahead if abs(ahead) > timedelta(seconds=1) else timedelta(0)
