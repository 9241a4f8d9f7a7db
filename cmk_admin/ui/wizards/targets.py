"""The list of resources that can take a key, and the page that asks for one: read from their provider, never the graph."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.ui.bridge import Job
from cmk_admin.ui.details.page import Cell
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.tree.look import service_icon
from cmk_admin.ui.wizards import judging
from cmk_admin.ui.wizards.picking import Choice, Picker, choice
from cmk_admin.ui.wizards.places import group_of
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Problems, Room

OWN = ("identity", "create_identity", "geo_key", "geo_identity", "engine")
"""Answers that belong to one resource: another one carries other identities and has another engine."""

KINDS = {
    "mysql-flexible": "MySQL flexible server",
    "mysql-single": "MySQL single server",
    "aks-disks": "AKS cluster",
    "aks-etcd": "AKS cluster",
    "disk-encryption-set": "disk encryption set",
}
"""What a service encrypts the data of, by the service's name."""

COLUMNS = ("Name", "State", "Region", "Version", "Key now")


def choices(targets: tuple[Target, ...]) -> tuple[Choice, ...]:
    """In the order in which they were read: by name."""
    return tuple(_choice(one) for one in targets)


def key_now(target: Target) -> str:
    """Which key it uses, in a few words."""
    held = target.settings.get("disk_set")
    if target.key is not None:
        return f"{target.key.name} in {target.key.vault_name}"
    return f"that of {last(str(held))}" if held else "platform-managed"


def _choice(target: Target) -> Choice:
    state = target.state or "not known"
    if target.provisioning and target.provisioning not in ("Succeeded", target.state):
        state = f"{state}, {target.provisioning}"
    about = " ".join(filter(None, (target.version, target.tier)))
    return choice(
        target.id,
        (
            Cell(text=target.name, icon=service_icon(target.service), tip=target.id),
            Cell(text=state),
            Cell(text=target.location),
            Cell(text=about),
            Cell(text=key_now(target)),
        ),
        target.id,
        group_of(target.id),
    )


class TargetPicker(Picker):
    """A list of the resources of one kind; reads them when it is told which."""

    def __init__(self, room: Room, name: str, spoken: str, rows: int = 7, *, judges: bool = False) -> None:
        super().__init__(room.theme, name, spoken, rows, judges=judges)
        self._room = room
        self.targets: dict[str, Target] = {}
        self.service = ""
        self._chosen = ""
        self._reading: Job | None = None

    def show_service(self, service: str, value: str) -> None:
        """Show the resources that can take a key as this service; they are read once, and again on `read`."""
        self._chosen = value
        if service != self.service:
            self.read(service)
        elif self.targets:
            self._show_targets()

    def read(self, service: str) -> None:
        """Read them from their provider."""
        self.service, self.targets = service, {}
        self.say("Reading from Azure …")
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._room.bridge.start(self, self._room.backend.targets(service), self._came, self._failed)

    def _came(self, found: tuple[Target, ...]) -> None:
        self.targets = {one.id: one for one in found}
        self._show_targets()

    def _show_targets(self) -> None:
        whole = self._room.index().estate.coverage.complete
        what = KINDS.get(self.service, "resource")
        empty = f"There is no {what} here." if whole else f"No {what} was found in what this account can read."
        spelt = next((one for one in self.targets if fold(one) == fold(self._chosen)), self._chosen)
        self.show_choices(COLUMNS, choices(tuple(self.targets.values())), spelt, empty)

    def _failed(self, error: Exception) -> None:
        self.say(failure_text(error))


class TargetQuestion(Question):
    """Asks for the resource that gets the key; the draft's `consumer`."""

    def __init__(self, room: Room, problems: Problems) -> None:
        super().__init__(room, "consumer", "What shall be encrypted with the key?", "")
        self._problems = problems
        self._own: dict[str, dict[str, Any]] = {}
        self._picker = TargetPicker(room, "consumer", "Resource", rows=9, judges=True)
        self._picker.picked.connect(self._picked)
        self._picker.opened.connect(self._opened)
        self._picker.narrowed.connect(self._judge)
        self.add("consumer", "&Resource", self._picker, wide=True)
        again = QPushButton("Read again")
        again.setObjectName("consumer-again")
        again.setProperty("role", "link")
        again.setAutoDefault(True)
        again.clicked.connect(self._again)
        self.body.addWidget(again, 0, Qt.AlignmentFlag.AlignLeft)
        self.end()

    def fill(self, draft: Any) -> None:
        sentences = {
            "mysql-flexible": "The server is not restarted by it, but turns Inaccessible when the key is taken away.",
            "mysql-single": "MySQL single server is retired by Microsoft: move a server that still runs.",
            "aks-disks": "Volumes that are claimed from now on. The nodes' own disks take a key only when a cluster is made.",
            "aks-etcd": "All secrets of the cluster. It must run, and nothing else may be changing it.",
            "disk-encryption-set": "Every disk that is on the set gets the new key with it.",
        }
        self.lead.setText(sentences.get(draft.service, ""))
        self._picker.show_service(draft.service, draft.consumer)

    def _judge(self) -> None:
        if self.draft is None or not self._picker.targets:
            return
        draft, targets = self.draft, dict(self._picker.targets)
        around = judging.bare(self.around or Surroundings(now=self.room.now()))
        index: Index = self.index

        def having(value: str) -> tuple[Any, Surroundings]:
            return replace(draft, consumer=value), replace(around, targets={fold(value): targets[value]})

        work = partial(judging.unfit, self._problems, index, self._picker.shown, frozenset(("consumer",)), having)
        self.judge(work, self._picker.show_reasons)

    def _picked(self, value: str) -> None:
        """Each resource keeps what was answered for it alone."""
        if value == self.draft.consumer:
            return
        self._own[self.draft.consumer] = {name: getattr(self.draft, name) for name in OWN}
        self.put(consumer=value, **self._own.get(value, dict.fromkeys(OWN)))

    def _opened(self, _: str) -> None:
        self.go_on.emit()

    def _again(self, *_: object) -> None:
        self._picker.read(self.draft.service)
