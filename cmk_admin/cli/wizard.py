"""What a wizard's verb is on the command line, and what several of them share."""

import argparse
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.index import Index
from cmk_admin.domain.services import SERVICES
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.new_resource import NewIdentity
from cmk_admin.operations.interface import Backend

Typed = Mapping[str, Any]
SHORT = {one.short: name for name, one in SERVICES.items() if one.short}
"""Services by what `--for` calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wizard:
    """One verb."""

    options: tuple[str, ...]
    """Names of what may be typed besides the options that every change has."""
    add: Callable[[argparse.ArgumentParser], None]
    """Put them into its grammar."""
    check: Callable[[Typed], None]
    """What of it makes no sense, as far as that is known without a connection. Raises BadInput."""
    draft: Callable[[Typed, Index, Backend], Coroutine[Any, Any, Draft]]
    """Names become things. Raises BadInput where one is absent or ambiguous, AzureFailure."""


def nothing_to_check(_: Typed) -> None:
    """All that can be said about what was typed needs the estate."""


def purpose(typed: Typed) -> str:
    """The service that something is for, by its short name or its own. Raises BadInput."""
    text: str | None = typed.get("purpose")
    if text is None:
        return ""
    found = SHORT.get(text.strip().lower(), text.strip().lower())
    if found not in SERVICES:
        raise BadInput(
            "unknown-service", f"“{text}” is not a service that is known.", subject=text, candidates=tuple(SHORT)
        )
    return found


def group_and_name(typed: Typed, option: str) -> tuple[str, str] | None:
    """What GROUP/NAME names; None where it was not typed. Raises BadInput."""
    text: str | None = typed.get(option)
    if text is None:
        return None
    group, separator, name = text.strip().partition("/")
    if not separator or not group or not name or "/" in name:
        flag = "--" + option.replace("_", "-")
        raise BadInput("bad-usage", f"{flag}: “{text}” is not GROUP/NAME.", subject=flag)
    return group, name


def new_identity(typed: Typed, subscription_id: str, location: str) -> NewIdentity | None:
    """The identity of `--create-identity`."""
    named = group_and_name(typed, "create_identity")
    if named is None:
        return None
    return NewIdentity(subscription_id=subscription_id, group=named[0], name=named[1], location=location)


def one_identity(typed: Typed) -> None:
    """An identity is picked or made, not both. Raises BadInput."""
    group_and_name(typed, "create_identity")
    if "identity" in typed and "create_identity" in typed:
        raise BadInput("bad-usage", "Name --identity or --create-identity, not both.", subject="--create-identity")
