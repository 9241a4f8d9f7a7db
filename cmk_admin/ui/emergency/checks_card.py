"""Can I, and can I give back? What must hold so that this account can do the plan, each with an icon and a word."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from cmk_admin.domain.plan import Answer, Check
from cmk_admin.ui.emergency.look import CHECKS
from cmk_admin.ui.emergency.option import heading
from cmk_admin.ui.emergency.parts import Badge, Disclosure, card, words_label
from cmk_admin.ui.emergency.paths import STATE_WIDTH
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.places import clear

_SHORT = {
    "data-plane": "A right to change the key is missing: see at the top.",
    "assignments": "A right at the resource manager is missing: see at the top.",
    "give-back": "A right for giving back is missing too.",
    "locks": "A lock is in the way: see at the top.",
    "reach": "The data plane is out of reach: see at the top.",
    "vault": "The vault is in failover: see at the top.",
}
"""What a check says whose sentence stands at the top of the page already."""
_ORDER = (Answer.NO, Answer.UNKNOWN, Answer.YES)


class ChecksCard(QWidget):
    """What is not so, or not known, always stands there; what holds is folded.

    Under it stands what a restore cannot make as it was.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("revoke-checks")
        self.setAccessibleName("Can I, and can I give back?")
        self._theme = theme
        self._shown: object = None
        self.counts = words_label("", "quiet", name="revoke-checks-counts")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(heading("Can I, and can I give back?"))
        head.addWidget(self.counts, 1)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self._not_restored = words_label("", "secondary", name="revoke-not-restored")
        held = QWidget()
        self._held = QVBoxLayout(held)
        self._held.setContentsMargins(0, 0, 0, 0)
        self._held.setSpacing(6)
        self.toggle = Disclosure(theme, "", "revoke-checks-yes", "Show what holds", held)
        frame, column = card()
        column.addLayout(head)
        column.addLayout(self._rows)
        column.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(held)
        column.addWidget(self._not_restored)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.hide()

    def show_checks(
        self, checks: tuple[Check, ...], not_restored: tuple[str, ...], problems: tuple[str, ...] = ()
    ) -> None:
        """Show these; of `problems`, which stand on the page already, none is said again."""
        checks = tuple(_shortened(checks, problems))
        if (checks, not_restored) == self._shown:
            return
        self._shown = (checks, not_restored)
        self.counts.setText(check_counts(tuple(check for check in checks if check.answer is not Answer.YES)))
        clear(self._rows)
        clear(self._held)
        for check in sorted(checks, key=lambda one: _ORDER.index(one.answer)):
            (self._held if check.answer is Answer.YES else self._rows).addWidget(self._row(check))
        yes = sum(check.answer is Answer.YES for check in checks)
        self.toggle.setText(f"{yes} yes")
        self.toggle.setAccessibleName(f"Show the {yes} that hold" if yes != 1 else "Show the one that holds")
        self.toggle.setVisible(bool(yes))
        if not yes:
            self.toggle.setChecked(False)
        lines = [f"• {sentence}" for sentence in not_restored]
        self._not_restored.setText("\n".join(["Not given back exactly as it was:", *lines]) if lines else "")
        self._not_restored.setVisible(bool(lines))
        self.setVisible(bool(checks or lines))

    def _row(self, check: Check) -> QWidget:
        row = QWidget()
        badge = Badge(self._theme)
        badge.show_look(CHECKS[check.answer])
        badge.setFixedWidth(STATE_WIDTH)
        row.setAccessibleName(f"{badge.word}: {check.sentence} {check.next}".strip())
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(sizes.GRID)
        grid.setVerticalSpacing(1)
        grid.addWidget(badge, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(words_label(check.sentence), 0, 1)
        if check.next and check.answer is not Answer.YES:
            grid.addWidget(words_label(check.next, "secondary"), 1, 1)
        grid.setColumnStretch(1, 1)
        return row


def _shortened(checks: Sequence[Check], problems: Iterable[str]) -> Iterator[Check]:
    """The checks; one whose sentence begins a problem, or was said by one before it, only says what it is about.

    Nor does what is missing for giving back need its own three lines where rights are missing anyhow.
    """
    said = list(problems)
    lacking = any(one.name in ("data-plane", "assignments") and one.answer is Answer.NO for one in checks)
    for check in checks:
        again = any(one.startswith(check.sentence) for one in said) or (check.name == "give-back" and lacking)
        if check.answer is Answer.NO and again:
            yield replace(check, sentence=_SHORT.get(check.name, "This is in the way: see at the top."))
        else:
            said += [check.sentence] if check.answer is Answer.NO else []
            yield check


def check_counts(checks: tuple[Check, ...]) -> str:
    """``1 no, 1 not known, 5 yes``; what there is none of is left out."""
    found = {answer: sum(check.answer is answer for check in checks) for answer in _ORDER}
    return ", ".join(f"{number} {CHECKS[answer].word}" for answer, number in found.items() if number)
