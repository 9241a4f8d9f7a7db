"""Lists of the resource manager: pages of $top, and the link to the next one."""

import base64
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from cmk_admin.sandbox import hosts
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, AzureError, Call

# What ARM's own lists put on a page where the call names no $top.
DEFAULT_PAGE = 1000


def page(call: Call, documents: Sequence[Document], *, most: int = DEFAULT_PAGE) -> Answer:
    """The page of a list that the call asks for. A list that changes in between goes on after the last id that was seen."""
    top = _top(call, most)
    start = 0
    token = call.query.get("$skiptoken") or call.query.get("$skipToken")
    if token is not None:
        last = _decode(token)
        start = next((n + 1 for n, document in enumerate(documents) if document["id"].lower() == last), 0)
    shown = documents[start : start + top]
    body: dict[str, Any] = {"value": list(shown)}
    if start + top < len(documents):
        query = {name: value for name, value in call.query.items() if name.lower() != "$skiptoken"}
        query["$skiptoken"] = base64.urlsafe_b64encode(shown[-1]["id"].lower().encode()).decode()
        body["nextLink"] = f"https://{hosts.ARM}{call.path}?{urlencode(query)}"
    return Answer(body)


def _top(call: Call, most: int) -> int:
    text = call.query.get("$top")
    if text is None:
        return most
    if not text.isascii() or not text.isdigit() or not int(text):
        raise AzureError(
            400, "InvalidTopInQueryString", f"Invalid $top '{text}' specified in the query string. It must be above 0."
        )
    return min(int(text), most)


def _decode(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError as error:
        raise AzureError(400, "InvalidSkipToken", f"The skip token '{token}' is not valid.") from error
