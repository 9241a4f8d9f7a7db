"""What tests of the wizards' verbs share: an account that may do everything, and servers that take a key."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Identity, Lock, RoleDefinition
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.surroundings import CarriedIdentity, Rights, Surroundings, Target
from tests.domain import estates
from tests.domain.estates import GROUP, ME, NOW, SUB

EVERYTHING = Rights(blocks=(RoleDefinition(id="", name="", actions=("*",), data_actions=("*",)),))
NOTHING = Rights(blocks=(RoleDefinition(id="", name="", actions=("*/read",)),))
FLEXIBLE_PATH, SINGLE_PATH = "Microsoft.DBforMySQL/flexibleServers", "Microsoft.DBforMySQL/servers"
FREE_ID = "20000000-0000-0000-0000-000000000009"
FREE = f"{GROUP}/identities/free-id"
"""A user-assigned identity that nothing uses and that holds no grant."""
NORTH_ID = "20000000-0000-0000-0000-000000000010"
NORTH = f"{GROUP}/identities/north-id"
"""Another one, for geo-redundant backup."""


class Everywhere(dict[str, Rights]):
    """The same rights at every scope."""

    def __init__(self, rights: Rights) -> None:
        super().__init__()
        self._rights = rights

    def get(self, key: str, default: Any = None) -> Any:
        return self._rights


def around(*targets: Target, may: Rights | None = EVERYTHING, **facts: Any) -> Surroundings:
    """What was read for a draft; `may` None: what the account may do could not be read."""
    return Surroundings(
        now=NOW,
        account_id=ME,
        rights={} if may is None else Everywhere(may),
        targets={one.id.lower(): one for one in targets},
        **facts,
    )


def codes(problems: Iterable[Problem], *, blocks: bool | None = None) -> list[str]:
    return [one.code for one in problems if blocks is None or one.blocks is blocks]


def one(problems: Iterable[Problem], code: str) -> Problem:
    """The one problem of that code, and that it is a sentence."""
    (found,) = [problem for problem in problems if problem.code == code]
    assert found.sentence.endswith("."), found.sentence
    return found


def verbs(plan: Plan) -> list[tuple[StepVerb, int]]:
    return [(step.verb, step.stage) for step in plan.steps]


def locked(estate: Estate, scope: str, level: str = "ReadOnly") -> Index:
    """The estate with a lock."""
    lock = Lock(id=f"{scope}/providers/Microsoft.Authorization/locks/frozen", scope=scope, level=level)
    return Index(replace(estate, locks=(lock,)))


def flexible(name: str = "pay-mysql", **facts: Any) -> Target:
    """A flexible server without a key of the customer's."""
    server = Target(
        id=f"{GROUP}/providers/{FLEXIBLE_PATH}/{name}",
        service="mysql-flexible",
        name=name,
        location="westeurope",
        subscription_id=SUB,
        state="Ready",
        tier="GeneralPurpose",
        settings={
            "service": "mysql-flexible",
            "key": None,
            "identity": None,
            "geo_key": None,
            "geo_identity": None,
            "with": [],
        },
    )
    return replace(server, **facts)


def single(name: str = "old-mysql", **facts: Any) -> Target:
    """A single server without a key of the customer's."""
    server = Target(
        id=f"{GROUP}/providers/{SINGLE_PATH}/{name}",
        service="mysql-single",
        name=name,
        location="westeurope",
        subscription_id=SUB,
        state="Ready",
        tier="GeneralPurpose",
        identities=(CarriedIdentity(resource_id=None, principal_id=FREE_ID),),
        settings={"service": "mysql-single", "key": None},
    )
    return replace(server, **facts)


def with_free(estate: Estate | None = None) -> Estate:
    """The estate with two identities that nothing uses."""
    made = estate or estates.dcc()
    free = Identity(principal_id=FREE_ID, name="free-id", resource_id=FREE, client_id="c9")
    north = Identity(principal_id=NORTH_ID, name="north-id", resource_id=NORTH, client_id="c10")
    return replace(made, identities=(*made.identities, north, free))
