"""The list of keys to pick from, and the page that asks for one."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from cmk_admin.domain import words
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.ui.details.page import Cell
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.wizards import judging
from cmk_admin.ui.wizards.picking import Choice, Picker
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Problems, Room

OPERATIONS = ("wrapKey", "unwrapKey", "encrypt", "decrypt", "sign", "verify")
"""Those that services and people use; ``import`` is for a key that comes from elsewhere."""

COLUMNS = ("Key", "Vault", "Type", "Operations", "Used by")

ABOUT = ("key_type", "size", "operations", "not_before", "expires", "rotation")
"""What services say of a key, each under a name of its own: on a page that asks for the key it all stands under it."""


def choices(index: Index) -> tuple[Choice, ...]:
    """Every key that was read, by name. Takes a while in a large estate."""
    ordered = sorted(index.estate.keys, key=lambda one: (one.id.name.lower(), one.id.host))
    return tuple(_choice(index, key) for key in ordered)


def ordered(operations: Iterable[str]) -> list[str]:
    """As people say them: wrapKey before unwrapKey."""
    known = {name: at for at, name in enumerate(OPERATIONS)}
    return sorted(operations, key=lambda one: known.get(one, len(known)))


def _choice(index: Index, key: Key) -> Choice:
    users = " ".join(use.consumer.name for use in index.uses_of_key(key.id))
    found_by = f"{key.id} {key.id.name} {key.id.vault_name} {words.key_type(key)} {users}".lower()
    return Choice(value=str(key.id), found_by=found_by, make=partial(_cells, index, key))


def _cells(index: Index, key: Key) -> tuple[Cell, ...]:
    users = tuple(dict.fromkeys(use.consumer.name for use in index.uses_of_key(key.id)))
    off = key.enabled is False
    return (
        Cell(text=key.id.name, icon="key-off" if off else "key", tip=str(key.id)),
        Cell(text=key.id.vault_name, tip=key.vault_id),
        Cell(text=words.key_type(key) + (", disabled" if off else "")),
        Cell(text=words.listed(ordered(key.operations)) if key.operations is not None else "not known"),
        Cell(text=_users(users), tip="\n".join(users)),
    )


def _users(names: Iterable[str]) -> str:
    listed = list(names)
    return f"{listed[0]} and {len(listed) - 1} more" if len(listed) > 1 else "".join(listed)


class KeyQuestion(Question):
    """Asks for a key; those that do not fit the rest of the draft are grey."""

    def __init__(self, room: Room, problems: Problems, *, question: str, sentence: str, field: str = "key") -> None:
        super().__init__(room, field, question, sentence)
        self._problems, self._field = problems, field
        self._choices: tuple[Choice, ...] | None = None
        self._read_from: Index | None = None
        self._picker = Picker(room.theme, field, "Key", rows=9, judges=True, names=2)
        self._picker.picked.connect(self._picked)
        self._picker.opened.connect(self._opened)
        self._picker.narrowed.connect(self._judge)
        self.add(field, "K&ey", self._picker, also=ABOUT, wide=True)
        self.end()

    def fill(self, draft: Any) -> None:
        if self._choices is None or self._read_from is not self.index:
            index = self.index
            self._read_from = index
            if self._choices is None:
                self._picker.say("Looking the keys up …")
            self.room.bridge.compute(self, lambda: choices(index), self._found, self._not_found)
        else:
            self._show()

    def around_came(self, around: Surroundings) -> None:
        super().around_came(around)
        self._judge()

    def _found(self, found: tuple[Choice, ...]) -> None:
        self._choices = found
        self._show()

    def _not_found(self, error: Exception) -> None:
        self._picker.say(failure_text(error))

    def _show(self) -> None:
        finished = self.index.estate.coverage.finished
        empty = "No key was read: create one first, in the menu Key." if finished else "Keys are still being read …"
        key: KeyId | None = getattr(self.draft, self._field)
        self._picker.show_choices(COLUMNS, self._choices or (), str(key.key) if key else "", empty)

    def _judge(self) -> None:
        if self.draft is None or not self._picker.shown:
            return
        draft, field = self.draft, self._field
        around = judging.bare(self.around or Surroundings(now=self.room.now()))
        fields = frozenset((field, *(ABOUT if field == "key" else ())))
        self.judge(
            partial(
                judging.unfit,
                self._problems,
                self.index,
                self._picker.shown,
                fields,
                partial(_having, draft, around, field),
            ),
            self._picker.show_reasons,
        )

    def _picked(self, value: str) -> None:
        self.put(*ABOUT, **{self._field: parse_key_id(value)})

    def _opened(self, _: str) -> None:
        self.go_on.emit()


def _having(draft: Any, around: Surroundings, field: str, value: str) -> tuple[Any, Surroundings]:
    return replace(draft, **{field: parse_key_id(value)}), around
