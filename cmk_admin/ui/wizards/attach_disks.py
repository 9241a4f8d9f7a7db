"""Attach a key to the disks of a cluster: the disk encryption set that holds it, and the storage class that uses the set."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QTextOption
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.attach_aks_disks import storage_class
from cmk_admin.domain.verbs.new_resource import NewDiskSet
from cmk_admin.ui.announce import announce
from cmk_admin.ui.dialogs import tell_failure
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.wizards.answers import Cards, indented
from cmk_admin.ui.wizards.new_resource import NewResource, Place
from cmk_admin.ui.wizards.places import group_of
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.targets import TargetPicker
from cmk_admin.ui.wizards.wizard import Room

EXISTING, NEW = "existing", "new"
SET = "disk-encryption-set"


class DiskSet(Question):
    """The draft's `disk_set` or `new_disk_set`."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "disk-set",
            "Which disk encryption set holds the key?",
            "Disks take a key by a set of their own region and subscription. The set uses the key as an identity of its own.",
        )
        self._way = NEW
        self._picked_value = ""
        self._ways = Cards(
            "disk-set",
            (
                (NEW, "A new one", "Made here with the key; nothing else hangs on it."),
                (EXISTING, "One that exists", "If it holds another key, every disk on it gets the new one."),
            ),
        )
        self._ways.chosen.connect(self._turn)
        self.add("way", "", self._ways, wide=True)
        self._new = NewResource("new-disk-set", "disk encryption set", "payments-disks")
        self._new.changed.connect(self._named)
        self.add("new_disk_set", "", indented(self._new))
        self._picker = TargetPicker(room, "disk-set", "Disk encryption set", rows=5)
        self._picker.picked.connect(self._picked)
        self._picker.opened.connect(self._opened)
        self.add("disk_set", "Disk encryption &set", self._picker, wide=True)
        self.end()

    def first(self) -> QWidget | None:
        return self._ways

    def fill(self, draft: AttachDraft) -> None:
        if draft.new_disk_set is not None:
            self._way = NEW
        elif draft.disk_set:
            self._way, self._picked_value = EXISTING, draft.disk_set
        self._ways.choose(self._way)
        target = self.around.target(draft.consumer) if self.around is not None and draft.consumer else None
        typed, new = self._new.place, draft.new_disk_set
        if new is not None:
            place = Place(subscription_id=new.subscription_id, group=new.group, name=new.name, location=new.location)
        elif typed.name or target is None:
            place = typed
        else:
            group = group_of(target.id)
            place = Place(subscription_id=target.subscription_id, group=group, name="", location=target.location)
        self._new.show_place(self.index, place)
        self._show_way()

    def _show_way(self) -> None:
        self.fields["new_disk_set"].setVisible(self._way == NEW)
        self.fields["disk_set"].setVisible(self._way == EXISTING)
        # That there is none yet is said where one can be named
        self.fields["new_disk_set"].about = frozenset(("new_disk_set", *(("disk_set",) if self._way == NEW else ())))
        if self._way == EXISTING:
            self._picker.show_service(SET, self._picked_value)

    def _turn(self, way: str) -> None:
        self._way = way
        self._show_way()
        self.forget("disk_set", "new_disk_set")
        if way == NEW:
            self.put(new_disk_set=_new_set(self._new.place), disk_set=None)
            self.forget("new_disk_set")
        else:
            self.put(new_disk_set=None, disk_set=self._picked_value or None)
            self.forget("disk_set")

    def _picked(self, value: str) -> None:
        self._picked_value = value
        self.put(disk_set=value, new_disk_set=None)

    def _opened(self, _: str) -> None:
        self.go_on.emit()

    def _named(self, place: Place) -> None:
        if self._way == NEW:
            self.put(new_disk_set=_new_set(place), disk_set=None)


def _new_set(place: Place) -> NewDiskSet:
    return NewDiskSet(
        subscription_id=place.subscription_id, group=place.group, name=place.name, location=place.location
    )


class StorageClass(Question):
    """The storage class: its text to copy or save, and whether it is applied."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "storage",
            "By which storage class do volumes take the key?",
            "A storage class of its own puts the volumes that name it on the set. Without one, only the set gets the key.",
        )
        self._name = QLineEdit()
        self._name.setPlaceholderText("encrypted-premium")
        self._name.textEdited.connect(self._named)
        self.add(
            "storage_class", "Na&me", self._name, "Small letters, digits, dashes and dots. Empty: no storage class."
        )
        self._text = QPlainTextEdit()
        self._text.setObjectName("storage-yaml")
        self._text.setAccessibleName("Storage class as YAML")
        self._text.setReadOnly(True)
        self._text.setProperty("role", "boxed")
        self._text.setTabChangesFocus(True)
        self._text.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)  # an id is longer than any line
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._text.setStyleSheet(
            f"font-family: '{fixed.family()}', monospace; font-size: {sizes.TEXT}px; padding: 6px;"
        )
        self._text.setFixedHeight(236)
        self._copy = _button("Copy", "storage-copy", self._on_copy)
        self._save = _button("Save…", "storage-save", self._on_save)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._save)
        buttons.addStretch(1)
        self._shown = QWidget()
        column = QVBoxLayout(self._shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._text)
        column.addLayout(buttons)
        self.body.addWidget(self._shown)
        holder = QWidget()
        self._apply = QCheckBox("Apply it to the cluster")
        self._apply.setObjectName("storage-apply")
        self._apply.setMinimumHeight(sizes.TARGET)
        self._apply.clicked.connect(self._applied)
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self._apply, 0, Qt.AlignmentFlag.AlignLeft)
        holder.setFocusProxy(self._apply)
        self.add(
            "apply_storage_class",
            "",
            holder,
            "Through the cluster's run command (kubectl apply). Else apply it yourself.",
        )
        self.end()

    def fill(self, draft: AttachDraft) -> None:
        if self._name.text() != (draft.storage_class or ""):
            self._name.setText(draft.storage_class or "")
        self._apply.setChecked(draft.apply_storage_class)
        self._show_text()

    def _show_text(self) -> None:
        text = storage_class(self.draft) or ""
        if text != self._text.toPlainText():
            self._text.setPlainText(text)
        self._shown.setVisible(bool(text))
        self._apply.setEnabled(bool(text) or self._apply.isChecked())

    def _named(self, name: str) -> None:
        self.put(storage_class=name.strip() or None)
        self._show_text()

    def _applied(self, on: bool) -> None:
        self.put("storage_class", apply_storage_class=on)
        self._show_text()

    def _on_copy(self, *_: object) -> None:
        QApplication.clipboard().setText(self._text.toPlainText())
        announce(self, "Storage class copied")

    def _on_save(self, *_: object) -> None:
        dialog = QFileDialog(self, "Save the storage class")
        dialog.setObjectName("storage-dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("YAML (*.yaml)")
        dialog.setDefaultSuffix("yaml")
        dialog.selectFile(f"{self.draft.storage_class or 'storage-class'}.yaml")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_to)
        dialog.open()

    def save_to(self, path: str) -> None:
        """Write the storage class to this file."""
        text = self._text.toPlainText()
        self.room.bridge.compute(
            self, lambda: Path(path).write_text(text, encoding="utf-8"), partial(self._saved, path), self._not_saved
        )

    def _saved(self, path: str, _: int) -> None:
        self.fields["storage_class"].explain(f"Saved as {path}.")
        announce(self, f"Saved as {path}")

    def _not_saved(self, error: Exception) -> None:
        tell_failure(self, "The storage class was not saved", error)


def _button(text: str, name: str, clicked: object) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(True)
    button.clicked.connect(clicked)
    return button
