"""Why rows of a list do not fit a draft: each is put into it, and what then stands in the way is its reason."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from cmk_admin.domain.index import Index
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.ui.wizards.wizard import Problems

With = Callable[[str], tuple[Any, Surroundings]]
"""The draft and its surroundings with this value in it."""


def unfit(
    problems: Problems, index: Index, values: Iterable[str], fields: frozenset[str], having: With
) -> dict[str, str]:
    """For each value that does not fit, the first sentence that says why. What is not known counts for nothing here."""
    found = {}
    for value in values:
        draft, around = having(value)
        said = problems(draft, index, around)
        reason = next((one.sentence for one in said if one.blocks and one.field in fields), None)
        if reason is not None:
            found[value] = reason
    return found


def bare(around: Surroundings) -> Surroundings:
    """Without what was read for the one that is picked: it says nothing of the others."""
    return replace(around, rights={}, deleted_keys=None, file_problem=None)
