"""Detach, revalidate and repair, in the window: verbs on a service that uses a key. They ask little, and show the plan."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import detach, repair, revalidate
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.repair import RepairDraft
from cmk_admin.domain.verbs.revalidate import RevalidateDraft
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.wizards.flow import Stop, Stops
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Room, Wizard

GRANT = Stop(name="grant", title="The grant", fields=("drop_grant",))


def detach_wizard(draft: DetachDraft) -> Wizard:
    """Back to a platform-managed key. Where Azure has no way back only the plan is shown, which says so."""
    asked = (GRANT,) if draft.service in detach.HOWS else ()
    return Wizard(
        name="detach",
        title=f"Detach {last(draft.consumer)}",
        what="this detachment",
        icon="detach",
        draft=draft,
        stops=lambda *_: asked,
        problems=detach.problems,
        pages={"grant": Grant},
        asks=lambda draft: draft.consumer or None,
        button=lambda _, draft: f"Detach {last(draft.consumer)}",
    )


def revalidate_wizard(draft: RevalidateDraft) -> Wizard:
    """The plan alone."""
    name = last(draft.consumer)
    return _plan_alone("revalidate", f"Revalidate {name}", f"Revalidate {name}", draft, revalidate.problems)


def repair_wizard(draft: RepairDraft) -> Wizard:
    """What is missing, and the plan that gives it back."""
    name = last(draft.consumer)
    return _plan_alone("repair", f"Repair {name}", f"Repair {name}", draft, repair.problems)


def _plan_alone(name: str, title: str, button: str, draft: Any, problems: Any) -> Wizard:
    def words(_: Plan, __: Any) -> str:
        return button

    return Wizard(
        name=name,
        title=title,
        what="this",
        icon=name,
        draft=draft,
        stops=_none,
        problems=problems,
        pages={},
        asks=lambda _: None,
        button=words,
    )


def _none(_: Any, __: Surroundings | None) -> Stops:
    return ()


class Grant(Question):
    """Whether the grant goes too."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "grant",
            "What becomes of the grant at the key?",
            "The service goes over to a key that Azure manages. Backups made until now still need yours: with the grant gone "
            "they cannot be restored.",
        )
        holder = QWidget()
        self._drop = QCheckBox("Remove the identity's grant at the key as well")
        self._drop.setObjectName("drop-grant")
        self._drop.setMinimumHeight(sizes.TARGET)
        self._drop.clicked.connect(self._dropped)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._drop, 0, Qt.AlignmentFlag.AlignLeft)
        holder.setFocusProxy(self._drop)
        self.add(
            "drop_grant",
            "",
            holder,
            "Done last, and only once the service no longer reports the key. Left alone, the grant stays and can be removed "
            "when the last such backup is gone.",
        )
        self.end()

    def fill(self, draft: DetachDraft) -> None:
        self._drop.setChecked(draft.drop_grant)

    def _dropped(self, on: bool) -> None:
        self.put(drop_grant=on)
