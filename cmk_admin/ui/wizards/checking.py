"""What is wrong with a draft, found out beside the Qt thread while it is being filled in."""

from collections.abc import Hashable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from cmk_admin.domain.problems import Problem
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.ui.bridge import Job
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.wizards.wizard import Room, Wizard

CHECK_MS = 200
"""After the last key press: what is being typed is not told to be wrong at every letter."""

AGAIN = "It is checked again for the plan."


class Checking(QObject):
    """Checks the newest draft; asks Azure where something new has to be known for that."""

    found = Signal()
    """`problems` are those of the newest draft."""
    around_came = Signal(object)
    """Newer `Surroundings`."""
    doubted = Signal()
    """There are other `doubts`."""
    broke = Signal()
    """The draft could not be checked at all: whoever waits for that waits in vain."""
    changed = Signal()
    """Something began or ended."""

    def __init__(self, room: Room, wizard: Wizard, parent: QObject) -> None:
        super().__init__(parent)
        self._room, self._wizard = room, wizard
        self.around: Surroundings | None = None
        """What was read for the draft; None: nothing yet, or nothing could be."""
        self.problems: tuple[Problem, ...] = ()
        self._draft: Any = wizard.draft
        self._checked: Any = None
        self._asked: Hashable = None
        """What the newest survey was asked about."""
        self.doubts: tuple[str, ...] = ()
        """What could not be checked, and why: what could not be read in the newest survey may be there by now."""
        self._survey: Job | None = None
        self._checking: Job | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(CHECK_MS)
        self._soon.timeout.connect(self._check)

    @property
    def surveying(self) -> bool:
        """Azure is being asked."""
        return self._survey is not None and self._survey.running

    @property
    def busy(self) -> bool:
        """Something is being asked or checked, or will be in a moment."""
        return self._soon.isActive() or self.surveying or (self._checking is not None and self._checking.running)

    @property
    def knows(self) -> bool:
        """The problems of the newest draft are known."""
        return self._checked is self._draft and not self.surveying

    def check_soon(self, draft: Any) -> None:
        """This is the draft now; it may change again at once."""
        self._draft = draft
        self._soon.start()

    def check(self, draft: Any, *, again: bool = False) -> None:
        """This is the draft now, and somebody waits. `again`: Azure is asked also where it was asked the same before."""
        self._draft = draft
        if again:
            self._asked = None
        self._check()

    def _check(self) -> None:
        self._soon.stop()
        self._ask_azure()
        if self._checking is not None:
            self._checking.cancel()
        draft, index, problems = self._draft, self._room.index(), self._wizard.problems
        around = self.around or Surroundings(now=self._room.now())
        self._checking = self._room.bridge.compute(
            self, lambda: problems(draft, index, around), partial(self._found, draft), self._not_found
        )

    def _ask_azure(self) -> None:
        asked = self._wizard.asks(self._draft)
        if asked is None or asked == self._asked:
            return
        self._asked = asked
        if self._survey is not None:
            self._survey.cancel()
        self._survey = self._room.bridge.start(
            self, self._room.backend.survey(self._draft), self._surveyed, self._unsurveyed
        )
        self.changed.emit()

    def _surveyed(self, around: Surroundings) -> None:
        self.around = around
        self._doubt(*around.unread)
        self.around_came.emit(around)
        self._check()

    def _unsurveyed(self, error: Exception) -> None:
        self.around = None
        self._doubt(f"Not all could be checked: {failure_text(error)}")
        self._check()

    def _found(self, draft: Any, problems: tuple[Problem, ...]) -> None:
        if draft is self._draft:
            self.problems, self._checked = problems, draft
            self.found.emit()
            self.changed.emit()

    def _not_found(self, error: Exception) -> None:
        # A defect of ours: the plan is worked out by the same rules and would fail too, so it is said and nothing goes on
        self.doubts = (failure_text(error),)
        self.doubted.emit()
        self.broke.emit()
        self.changed.emit()

    def _doubt(self, *sentences: str) -> None:
        self.doubts = (*sentences, AGAIN) if sentences else ()
        self.doubted.emit()
