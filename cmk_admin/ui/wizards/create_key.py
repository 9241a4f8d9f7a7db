"""Create a key, in the window: what it is for, what kind, where, from when to when, what stands on it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget

from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.services import SERVICES, service
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import create_key
from cmk_admin.domain.verbs.create_key import RSA, RSA_HSM, SIZES, CreateKeyDraft, filled
from cmk_admin.domain.words import listed
from cmk_admin.ui.wizards import judging, vaults
from cmk_admin.ui.wizards.answers import Cards, FileToWrite, Moment, Pairs, Ticks
from cmk_admin.ui.wizards.flow import Stop, Stops
from cmk_admin.ui.wizards.keys import OPERATIONS, ordered
from cmk_admin.ui.wizards.picking import Picker
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Room, Wizard

PURPOSES = {
    "mysql-flexible": "A server's data and backups. The server wraps its own data key with it.",
    "aks-disks": "Disks of the nodes and persistent volumes of a cluster, by a disk encryption set.",
    "aks-etcd": "Kubernetes secrets, before they are written to the cluster's database.",
    "disk-encryption-set": "Managed disks of virtual machines.",
    "mysql-single": "Retired by Microsoft; for a server that still runs.",
}

STOPS: Stops = (
    Stop(name="purpose", title="Purpose", fields=("purpose",)),
    Stop(name="kind", title="Kind of key", fields=("key_type", "size", "operations")),
    Stop(name="place", title="Vault and name", fields=("vault_id", "name")),
    Stop(name="dates", title="Dates", fields=("not_before", "expires")),
    Stop(name="extras", title="Tags and backup", fields=("tags", "backup")),
)


def wizard(draft: CreateKeyDraft) -> Wizard:
    """The wizard that begins with this draft."""
    return Wizard(
        name="create-key",
        title="Create a key",
        what="this new key",
        icon="key-add",
        draft=draft,
        stops=lambda *_: STOPS,
        problems=create_key.problems,
        pages={"purpose": Purpose, "kind": Kind, "place": Place, "dates": Dates, "extras": Extras},
        asks=_asks,
        button=_button,
    )


def _asks(draft: CreateKeyDraft) -> tuple[str, str | None] | None:
    return (draft.vault_id, draft.backup) if draft.vault_id else None


def _button(plan: Plan, _: CreateKeyDraft) -> str:
    return "Create key and back it up" if len(plan.steps) > 1 else "Create key"


class Purpose(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "purpose",
            "What is the key for?",
            "The answer sets type, size and operations as that service needs them. All of it can be changed on the next page.",
        )
        known = [(name, service(name).title, words) for name, words in PURPOSES.items() if name in SERVICES]
        nothing = ("", "Something else", "No service in particular: an RSA key in an HSM that wraps and unwraps.")
        self._cards = Cards(
            "purpose", [(name, title, _with_needs(name, words)) for name, title, words in known] + [nothing]
        )
        self._cards.chosen.connect(self._chosen)
        self.add("purpose", "", self._cards, wide=True)
        self.end()

    def fill(self, draft: CreateKeyDraft) -> None:
        self._cards.choose(draft.purpose)

    def _chosen(self, purpose: str) -> None:
        self.put(purpose=purpose)


class Kind(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(room, "kind", "What kind of key?", "")
        self._type = Cards(
            "type",
            (
                (RSA_HSM, "RSA-HSM", "Made and kept inside a hardware security module. Needs a Premium vault."),
                (RSA, "RSA", "A software key. For a Standard vault, or for trying things out."),
            ),
        )
        self._type.chosen.connect(self._typed)
        self.add("key_type", "Type", self._type)
        self._size = QComboBox()
        for size in SIZES:
            self._size.addItem(f"{size} bits", size)
        self._size.setFixedWidth(160)
        self._size.activated.connect(self._sized)
        self.add("size", "Si&ze", self._size, "Larger keys are slower. 2048 bits are what every service takes.")
        self._operations = Ticks("operation", OPERATIONS, columns=2)
        self._operations.ticked.connect(self._ticked)
        self.add("operations", "Operations", self._operations, "What the key lets anybody do, whatever their role.")
        self._reset = QPushButton("")
        self._reset.setObjectName("kind-reset")
        self._reset.setProperty("role", "link")
        self._reset.setAutoDefault(True)
        self._reset.clicked.connect(self._as_needed)
        self.body.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignLeft)
        self.end()

    def fill(self, draft: CreateKeyDraft) -> None:
        whole = filled(draft)
        title = service(draft.purpose).title
        self.lead.setText(
            f"Set as {title} needs it. Where another choice rules it out, that is said under the field."
            if draft.purpose
            else "An RSA key in an HSM for wrapping suits most services."
        )
        self._type.choose(whole.key_type or RSA_HSM)
        self._size.setCurrentIndex(self._size.findData(whole.size))
        self._operations.tick(whole.operations or ())
        self._reset.setText(f"Set all as {title} needs it" if draft.purpose else "Set all as most services need it")
        self._reset.setAccessibleName(self._reset.text())
        self._reset.setVisible((draft.key_type, draft.size, draft.operations) != (None, None, None))

    def _typed(self, key_type: str) -> None:
        self._choose(key_type=key_type)

    def _sized(self, *_: object) -> None:
        self._choose(size=self._size.currentData())

    def _ticked(self, operations: tuple[str, ...]) -> None:
        self._choose(operations=tuple(sorted(operations)))

    def _choose(self, **answer: object) -> None:
        """What is as the purpose needs it anyway stays open to another purpose."""
        ((name, value),) = answer.items()
        needed = getattr(filled(replace(self.draft, **{name: None})), name)
        self.put("vault_id", **{name: None if value == needed else value})
        self.show_draft(self.draft, self.around)

    def _as_needed(self, *_: object) -> None:
        self._type.setFocus()
        self.put(key_type=None, size=None, operations=None)
        self.show_draft(self.draft, self.around)


class Place(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "place",
            "In which vault, and by which name?",
            "A key never leaves its vault, and its name cannot be changed.",
        )
        self._vaults = Picker(room.theme, "vault", "Vault", rows=6, judges=True)
        self._vaults.picked.connect(self._picked)
        self._vaults.opened.connect(self._opened)
        self._vaults.narrowed.connect(self._judge)
        self.add("vault_id", "V&ault", self._vaults, wide=True)
        self._name = QLineEdit()
        self._name.setPlaceholderText("mysql-encryption-key")
        self._name.textEdited.connect(self._named)
        self.add(
            "name",
            "Na&me",
            self._name,
            "1 to 127 letters, digits and dashes. Who deletes the key keeps its name taken.",
        )
        self.end()

    def fill(self, draft: CreateKeyDraft) -> None:
        index = self.index
        empty = (
            "There is no vault in what was read. Make one in Azure first: Premium, with purge protection. Then refresh (F5)."
            if index.estate.coverage.finished
            else "Vaults are still being read …"
        )
        self._vaults.show_choices(vaults.COLUMNS, vaults.choices(index, index.estate.vaults), draft.vault_id, empty)
        if self._name.text() != draft.name:
            self._name.setText(draft.name)
        self._judge()

    def first(self) -> QWidget | None:
        return self._name if self.draft.vault_id else self._vaults.view

    def around_came(self, around: Surroundings) -> None:
        super().around_came(around)
        self._judge()

    def _judge(self) -> None:
        if self.draft is None:
            return
        draft, around = self.draft, judging.bare(self.around or Surroundings(now=self.room.now()))
        self.judge(
            partial(
                judging.unfit,
                _unhindered,
                self.index,
                self._vaults.shown,
                frozenset(("vault_id",)),
                lambda value: (replace(draft, vault_id=value), around),
            ),
            self._vaults.show_reasons,
        )

    def _picked(self, vault_id: str) -> None:
        self.put(vault_id=vault_id)

    def _opened(self, _: str) -> None:
        self._name.setFocus()

    def _named(self, name: str) -> None:
        self.put(name=name.strip())


def _unhindered(draft: CreateKeyDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What is wrong with a vault that is not picked: which rights the account has there was not asked yet."""
    return tuple(one for one in create_key.problems(draft, index, around) if one.code != "missing-right")


class Dates(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "dates",
            "From when to when?",
            "Both are optional, and most keys of services have neither: a new version takes over instead.",
        )
        self._start = Moment(room.theme, "activation", "Activate it later", "Activation")
        self._start.set.connect(self._started)
        self.add(
            "not_before",
            "",
            self._start,
            "Before that moment the key wraps and encrypts nothing, so that no service takes it.",
        )
        self._end = Moment(room.theme, "expiry", "Let it expire", "Expiry")
        self._end.set.connect(self._ended)
        self.add("expires", "", self._end)
        self.end()

    def fill(self, draft: CreateKeyDraft) -> None:
        now = self.room.now().replace(minute=0, second=0, microsecond=0)
        self._start.show_moment(draft.not_before, now + timedelta(days=1))
        self._end.show_moment(draft.expires, now + timedelta(days=730))
        title = service(draft.purpose).title if draft.purpose else "A service"
        self.fields["expires"].explain(
            f"Nobody is told when the day comes: {title} may then stop, with everything that needs it. What was wrapped can "
            "still be unwrapped, so that an expiry shuts nobody out either."
        )

    def _started(self, moment: object) -> None:
        self.put("expires", not_before=moment)

    def _ended(self, moment: object) -> None:
        self.put(expires=moment)


class Extras(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(room, "extras", "Tags, and a backup?", "Both are optional.")
        self._tags = Pairs(room.theme, "tag", "tag")
        self._tags.changed.connect(self._tagged)
        self.add("tags", "Tags", self._tags, "They are seen by everybody who may list keys: write no secret into them.")
        self._file = FileToWrite("backup", "Backup file", "Key backup (*.keybackup)")
        self._file.named.connect(self._named)
        self.add(
            "backup",
            "Back&up file",
            self._file,
            "Written right after the key is made, before its first use. It can be restored only into a vault of the same "
            "subscription and geography. Empty: no backup.",
        )
        self.end()

    def fill(self, draft: CreateKeyDraft) -> None:
        self._tags.show_pairs(draft.tags)
        self._file.show_path(draft.backup or "", f"{draft.name or 'key'}.keybackup")

    def _tagged(self, tags: tuple[tuple[str, str], ...]) -> None:
        self.put(tags=tags)

    def _named(self, path: str) -> None:
        self.put(backup=path.strip() or None)


def _with_needs(name: str, words: str) -> str:
    whole = filled(CreateKeyDraft(purpose=name))
    return f"{words} {whole.key_type} {whole.size}, {listed(ordered(whole.operations or ()))}."
