"""How the sandbox speaks HTTP: large headers are read, and what is no HTTP is refused without a word of it being kept."""

import logging
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

log = logging.getLogger(__name__)

# Tokens with many groups are longer than aiohttp's 8 KiB; Azure's own front ends take 64 KiB of headers.
LARGEST_HEADER = 64 * 1024


class Listener(web.Server):
    """aiohttp's server, which never repeats what it could not read: that may be part of a live account's token."""

    def __init__(self, handler: Any) -> None:
        super().__init__(handler, access_log=None, max_field_size=LARGEST_HEADER, max_line_size=LARGEST_HEADER)

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        log.warning("a request that is not HTTP was refused: %s", type(exc).__name__)
        response = web.Response(status=status, text="Bad Request")
        response.force_close()
        return response
