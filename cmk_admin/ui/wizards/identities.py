"""The list of identities to pick from, and the page that asks for one: one that exists, or one that is made."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Identity
from cmk_admin.domain.verbs.new_resource import NewIdentity
from cmk_admin.ui.details.page import Cell
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.wizards import places
from cmk_admin.ui.wizards.answers import Cards, indented
from cmk_admin.ui.wizards.new_resource import NewResource, Place
from cmk_admin.ui.wizards.picking import Choice, Picker, choice
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Room

COLUMNS = ("Identity", "Kind", "Resource group", "Serves")
CARRIED, EXISTING, NEW = "carried", "existing", "new"


def by_object_id(index: Index) -> tuple[Choice, ...]:
    """Every managed identity and service principal that was seen; picked by object id."""
    found = [_choice(index, one, one.principal_id) for one in index.estate.identities]
    known = {one.principal_id.lower() for one in index.estate.identities}
    for principal in index.estate.principals:
        if principal.object_id.lower() not in known and (principal.kind or "").lower() == "serviceprincipal":
            name = principal.name or principal.object_id
            cells = (Cell(text=name, icon="identity"), Cell(text="Service principal"), Cell(text=""), Cell(text=""))
            found.append(choice(principal.object_id, cells, principal.object_id, principal.client_id or ""))
    return _sorted(found)


def by_resource_id(index: Index) -> tuple[Choice, ...]:
    """Every user-assigned identity; picked by ARM id."""
    mine = (one for one in index.estate.identities if one.resource_id and not one.system_assigned)
    return _sorted([_choice(index, one, one.resource_id or "") for one in mine])


def _sorted(found: list[Choice]) -> tuple[Choice, ...]:
    return tuple(sorted(found, key=lambda one: one.found_by))


def _choice(index: Index, identity: Identity, value: str) -> Choice:
    users = tuple(dict.fromkeys(use.consumer.name for use in index.uses_of_principal(identity.principal_id)))
    serves = f"{users[0]} and {len(users) - 1} more" if len(users) > 1 else "".join(users)
    resource_id = identity.resource_id or ""
    return choice(
        value,
        (
            Cell(text=identity.name, icon="identity", tip=resource_id or identity.principal_id),
            Cell(text="System-assigned" if identity.system_assigned else "User-assigned"),
            Cell(text=places.group_of(resource_id)),
            Cell(text=serves, tip="\n".join(users)),
        ),
        identity.principal_id,
        identity.client_id or "",
        resource_id,
    )


class IdentityQuestion(Question):
    """The draft's `identity` or `create_identity`. What was filled in the other way stays on the page."""

    def __init__(
        self,
        room: Room,
        *,
        question: str,
        sentence: str,
        list_all: Callable[[Index], tuple[Choice, ...]],
        place: Callable[[Any, Index], Place],
        none: str | None = "",
    ) -> None:
        """`place` is where a new one is proposed to be made; `none` is what `identity` is without a choice."""
        super().__init__(room, "identity", question, sentence)
        self._list_all, self._place, self._none = list_all, place, none
        self._way = EXISTING
        self._picked_value = ""
        self._ways = Cards(
            "identity",
            (
                (CARRIED, "The one that it carries", ""),
                (
                    EXISTING,
                    "One that exists",
                    "Best one that serves nothing else: whoever cuts it off cuts that off too.",
                ),
                (NEW, "A new one", "A user-assigned identity, made here, with no other rights."),
            ),
        )
        self._ways.chosen.connect(self._turn)
        self.add("way", "", self._ways, wide=True)
        self._picker = Picker(room.theme, "identity", "Identity", rows=6)
        self._picker.picked.connect(self._picked)
        self._picker.opened.connect(self._opened)
        self.add("identity", "&Identity", self._picker, wide=True)
        self._new = NewResource("new-identity", "identity", "payments-mysql-id")
        self._new.changed.connect(self._named)
        self.add("create_identity", "", indented(self._new))
        self.end()

    def carried(self) -> str | None:
        """The name of the one identity that the resource carries anyway; None: there is no such choice."""
        return None

    def fill(self, draft: Any) -> None:
        carried = self.carried()
        self._ways.offer(
            CARRIED, shown=carried is not None, sentence=f"{carried}: nothing has to be added." if carried else None
        )
        if draft.create_identity is not None:
            self._way = NEW
        elif draft.identity:
            self._way, self._picked_value = EXISTING, draft.identity
        elif draft.identity is None and carried is not None:
            self._way = CARRIED
        else:
            self._way = EXISTING
        self._ways.choose(self._way)
        index = self.index
        new = draft.create_identity
        here = Place(**_fields(new)) if new is not None else self._kept(draft, index)
        self._new.show_place(index, here)
        self._show_way()
        self._picker.say("Looking the identities up …")
        self.room.bridge.compute(self, lambda: self._list_all(index), self._found, self._not_found)

    def first(self) -> QWidget | None:
        return self._ways

    def _kept(self, draft: Any, index: Index) -> Place:
        typed = self._new.place
        return typed if typed.name else self._place(draft, index)

    def _found(self, found: tuple[Choice, ...]) -> None:
        self._picker.show_choices(COLUMNS, found, self._picked_value, "No identity was seen.")

    def _not_found(self, error: Exception) -> None:
        self._picker.say(failure_text(error))

    def _show_way(self) -> None:
        self.fields["identity"].setVisible(self._way == EXISTING)
        self.fields["create_identity"].setVisible(self._way == NEW)

    def _turn(self, way: str) -> None:
        self._way = way
        self._show_way()
        self.forget("identity", "create_identity")
        if way == NEW:
            place = self._new.place
            self.put(create_identity=_new_identity(place))
            self.touched.discard("create_identity")
        elif way == EXISTING:
            # Nothing picked is not the same as the one that it carries
            self.put(create_identity=None, identity=self._picked_value)
            self.touched.discard("identity")
        else:
            self.put(create_identity=None, identity=self._none)

    def _picked(self, value: str) -> None:
        self._picked_value = value
        self.put(identity=value)

    def _opened(self, _: str) -> None:
        self.go_on.emit()

    def _named(self, place: Place) -> None:
        if self._way == NEW:
            self.put(create_identity=_new_identity(place))


def _new_identity(place: Place) -> NewIdentity:
    return NewIdentity(**_fields(place))


def _fields(one: Any) -> dict[str, str]:
    return {name: getattr(one, name) for name in ("subscription_id", "group", "name", "location")}
