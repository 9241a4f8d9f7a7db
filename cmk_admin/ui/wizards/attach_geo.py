"""Attach a key to a server with geo-redundant backup: the second key and identity, in the paired region."""

from dataclasses import replace
from functools import partial

from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import attach
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.wizards import identities, judging, keys
from cmk_admin.ui.wizards.picking import Choice, Picker
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Room


class Geo(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "geo",
            "Which key for the second region?",
            "The server keeps copies of its backups in the paired region, and needs a key and an identity there too.",
        )
        self._keys = Picker(room.theme, "geo-key", "Key of the paired region", rows=5, judges=True, names=2)
        self._keys.picked.connect(self._key_picked)
        self._keys.narrowed.connect(self._judge)
        self.add("geo_key", "K&ey of the paired region", self._keys, wide=True)
        self._identities = Picker(room.theme, "geo-identity", "Identity that uses it", rows=4)
        self._identities.picked.connect(self._identity_picked)
        self._identities.opened.connect(self._opened)
        self.add(
            "geo_identity",
            "&Identity that uses it",
            self._identities,
            "It is put on the server and granted that key.",
            wide=True,
        )
        self.end()

    def fill(self, draft: AttachDraft) -> None:
        index = self.index
        self._keys.say("Looking the keys up …")
        self._identities.say("Looking the identities up …")
        self.room.bridge.compute(self, partial(_both, index), self._found, self._not_found)

    def around_came(self, around: Surroundings) -> None:
        super().around_came(around)
        self._judge()

    def _found(self, found: tuple[tuple[Choice, ...], tuple[Choice, ...]]) -> None:
        draft: AttachDraft = self.draft
        key = str(draft.geo_key.key) if draft.geo_key else ""
        self._keys.show_choices(keys.COLUMNS, found[0], key, "No key was read.")
        self._identities.show_choices(identities.COLUMNS, found[1], draft.geo_identity or "", "No identity was seen.")

    def _not_found(self, error: Exception) -> None:
        self._keys.say(failure_text(error))
        self._identities.say(failure_text(error))

    def _judge(self) -> None:
        if self.draft is None or not self._keys.shown:
            return
        draft: AttachDraft = replace(self.draft, geo_identity=self.draft.geo_identity or "")
        around = judging.bare(self.around or Surroundings(now=self.room.now()))

        def having(value: str) -> tuple[AttachDraft, Surroundings]:
            return replace(draft, geo_key=parse_key_id(value)), around

        work = partial(judging.unfit, attach.problems, self.index, self._keys.shown, frozenset(("geo_key",)), having)
        self.judge(work, self._keys.show_reasons)

    def _key_picked(self, value: str) -> None:
        self.put(geo_key=parse_key_id(value))

    def _identity_picked(self, value: str) -> None:
        self.put(geo_identity=value)

    def _opened(self, _: str) -> None:
        self.go_on.emit()


def _both(index: Index) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
    return keys.choices(index), identities.by_resource_id(index)
