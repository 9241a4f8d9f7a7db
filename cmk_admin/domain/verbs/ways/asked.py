"""What a way of revoking is asked to do, and what it answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.every_path import siblings
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer, Vault
from cmk_admin.domain.permissions import GETS_AT_DATA
from cmk_admin.domain.plan import PathState, PlannedPath
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import cuts
from cmk_admin.domain.verbs.cuts import Lot


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A draft held against the estate: whom it is about."""

    index: Index
    around: Surroundings | None
    """None: nothing was read besides the estate."""
    key: KeyId
    uses: tuple[Use, ...]
    """The uses of the key that are to be cut."""
    elsewhere: tuple[Use, ...] = ()
    """The uses of other keys by the consumers that were named: previous keys, those of a geo-backup."""
    named: bool = False
    """Whether consumers or identities were named, and not the key alone."""
    principals: tuple[str, ...] = ()
    """Identities that are to be cut besides those of the uses."""
    removals: frozenset[str] = frozenset()
    """Folded targets of the wide grants that were chosen to be removed as well."""
    first: tuple[Step, ...] = ()
    """Roles that are activated before all else: the rights that they give count."""

    @cached_property
    def vault(self) -> Vault | None:
        return self.index.vault_of(self.key)

    @cached_property
    def everybody(self) -> tuple[Use, ...]:
        """Every use of the key, wanted or not."""
        return self.index.uses_of_key(self.key)

    @cached_property
    def consumers(self) -> tuple[Consumer, ...]:
        """Who is to be cut, with what hangs under it."""
        return cuts.with_dependants(self.index, [use.consumer for use in self.uses])

    @cached_property
    def wanted(self) -> frozenset[tuple[str, str]]:
        return frozenset(map(cuts.named_as, self.consumers))

    @cached_property
    def keys(self) -> tuple[KeyId, ...]:
        """The key, then the other keys of the consumers that were named."""
        others = {use.slot.key_id.key.folded: use.slot.key_id.key for use in self.elsewhere}
        return (self.key, *others.values())

    @cached_property
    def own_keys(self) -> tuple[KeyId, ...]:
        """Those of `keys` that may be shut as a whole: the key, and what nobody else uses."""
        return (self.key, *(key for key in self.keys[1:] if not self.others_of(key)))

    def others_of(self, key: KeyId) -> tuple[Consumer, ...]:
        """Who uses a key and is not to be cut."""
        used = cuts.with_dependants(self.index, [use.consumer for use in self.index.uses_of_key(key)])
        return tuple(one for one in used if cuts.named_as(one) not in self.wanted)

    def identities(self, key: KeyId) -> Mapping[str, tuple[str, ...]]:
        """Who is to be cut off one of `keys`, with the data actions by which they get at their data."""
        here = key.key.folded
        found = identities_of(use for use in (*self.uses, *self.elsewhere) if use.slot.key_id.key.folded == here)
        if here == self.key.folded:
            for principal in (*self.principals, *self.siblings):
                found.setdefault(principal, GETS_AT_DATA)
        return found

    @cached_property
    def siblings(self) -> tuple[str, ...]:
        """Other identities of the services that are to be cut, by which nobody else uses a key."""
        if not self.named:
            return ()
        return tuple(
            dict.fromkeys(
                one
                for consumer in self.consumers
                for one in siblings(self.index, consumer)
                if all(cuts.named_as(use.consumer) in self.wanted for use in self.index.uses_of_principal(one))
            )
        )

    @cached_property
    def all_identities(self) -> tuple[str, ...]:
        """Whoever is to be cut off any of the keys, each once."""
        return tuple(dict.fromkeys(one for key in self.keys for one in self.identities(key)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What one method would do."""

    verb: str
    """How its title begins where it cannot be done: ``Remove grants``."""
    title: str = ""
    steps: tuple[Step, ...] = ()
    paths: tuple[PlannedPath, ...] = ()
    lots: tuple[Lot, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    others: str = ""
    survives: str = ""
    undone: str = ""
    within_seconds: int | None = None
    not_restored: tuple[str, ...] = ()
    kept: tuple[AccessPath, ...] = ()
    """Paths that it closes only where that is chosen."""
    gone: tuple[AccessPath, ...] = ()
    """Of the paths that it closes by removing grants, one for each grant."""
    never_first: bool = False
    """True where it is never to be recommended."""
    already: bool = False
    """True where all that it would do is so already: `problems` say so, and nothing holds it up."""
    lets_in: str = ""
    """Whom it lets in all the same, though it closes every path that is known; empty: nobody."""
    shares: str = "the same key"
    """What those have in common who are cut as well."""

    @property
    def bystanders(self) -> tuple[Lot, ...]:
        """Who is hit and was not asked for."""
        return tuple(lot for lot in self.lots if not lot.wanted)

    @property
    def whole(self) -> bool:
        """True where it can be done and closes every path."""
        return not self.problems and all(path.state is PathState.WILL_CLOSE for path in self.paths)


def identities_of(uses: Iterable[Use]) -> dict[str, tuple[str, ...]]:
    """The identities of the uses, and the data actions by which their services get at their data."""
    found: dict[str, tuple[str, ...]] = {}
    for use in uses:
        if use.slot.principal_id:
            actions = (*found.get(use.slot.principal_id, ()), *service(use.consumer.service).data_actions)
            found[use.slot.principal_id] = tuple(dict.fromkeys(actions))
    return found
