"""What a wizard is made of, besides its frame."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.operations.interface import Backend
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.wizards.flow import Stops

if TYPE_CHECKING:
    from cmk_admin.ui.wizards.question import Question

Problems = Callable[[Any, Index, Surroundings], tuple[Problem, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a wizard and its pages work with."""

    bridge: Bridge
    backend: Backend
    theme: Theme
    index: Callable[[], Index]
    """The estate on screen, which may become newer meanwhile."""
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wizard:
    """One verb's questions. The draft is a frozen dataclass of the domain; a page changes it by `replace` only."""

    name: str
    """``create-key``: also in object names."""
    title: str
    """``Create a key``: a verb and an object."""
    what: str
    """What is given up by leaving half-way: ``this new key``."""
    icon: str
    draft: Any
    stops: Callable[[Any, Surroundings | None], Stops]
    """Which questions there are may depend on answers, and on what was read about them."""
    problems: Problems
    pages: Mapping[str, Callable[[Room], "Question"]]
    """Makes the page of each question, when it is first come to."""
    asks: Callable[[Any], Hashable]
    """What of the draft Azure has to be asked about while it is being filled in; None: nothing yet."""
    button: Callable[[Plan, Any], str]
    """The start button's words for a plan and its draft: a verb and an object."""
