"""What stops by a revoke, and when: a lane for each service; many of them are folded."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cmk_admin.domain.plan import Effect, Plan
from cmk_admin.ui.emergency.fold import MOST, Fold
from cmk_admin.ui.emergency.lane_words import effect_lane
from cmk_admin.ui.emergency.lanes import Lanes
from cmk_admin.ui.emergency.parts import StepList, card, words_label
from cmk_admin.ui.emergency.revoke_words import gate_words, nothing_words
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import label


class RadiusCard(QWidget):
    """The lanes of a plan, and what was found besides."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._effects: tuple[Effect, ...] = ()
        self._lanes = Lanes(theme, "revoke-lanes", "When each service stops")
        self.fold = Fold("revoke-all-lanes", "Show all {} services")
        self.fold.turned.connect(self._show_lanes)
        self._unused = words_label("No service that this account can see uses this key.", "quiet")
        self._findings = words_label("", "quiet", name="revoke-findings")
        _put(self, "What stops, and when", self._lanes, self.fold, self._unused, self._findings)

    def show_plan(self, plan: Plan, *, used: bool) -> None:
        """`used`: some service is known to use the key."""
        # Whom nobody asked to cut, and who is not cut, is seen without unfolding
        many = len(plan.effects) > MOST
        effects = sorted(plan.effects, key=lambda one: one.wanted and not one.goes_on) if many else plan.effects
        self._effects = tuple(effects)
        self._show_lanes()
        self._lanes.setVisible(bool(plan.effects))
        unused = "No service that this account can see uses this key."
        self._unused.setText("No service is stopped by this." if used else unused)
        self._unused.setVisible(not plan.effects)
        self._findings.setText("\n".join(plan.findings))
        self._findings.setVisible(bool(plan.findings) and not nothing_words(plan)[1])

    def _show_lanes(self) -> None:
        self._lanes.show_lanes(tuple(effect_lane(one) for one in self.fold.first(self._effects)))


class StepsCard(QWidget):
    """The steps of a plan, or why there is none, and where it waits; many of them are folded."""

    resized = Signal()
    """There are other rows than before."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._plan: Plan | None = None
        self._steps = StepList(theme, "revoke-steps")
        self._fold = Fold("revoke-all-steps", "Show all {} steps")
        self._fold.turned.connect(self._turned)
        self._nothing = words_label("", "quiet", name="revoke-nothing")
        self._gates = words_label("", "quiet", name="revoke-gates")
        _put(self, "What will be done", self._steps, self._fold, self._nothing, self._gates)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        """All that takes the focus here, in its order."""
        return (*self._steps.toggles, self._fold)

    def show_plan(self, plan: Plan) -> None:
        self._plan = plan
        self._steps.show_plan(self._fold.first(plan.steps))
        nothing, _ = nothing_words(plan)
        self._nothing.setText(nothing)
        self._nothing.setVisible(bool(nothing))
        gates = gate_words(plan, {one.consumer_id.lower(): one.consumer_name for one in plan.effects})
        self._gates.setText(gates)
        self._gates.setVisible(bool(gates))

    def _turned(self) -> None:
        if self._plan is not None:
            self._steps.show_plan(self._fold.first(self._plan.steps))
            self.resized.emit()


def _put(whole: QWidget, title: str, rows: QWidget, fold: Fold, *words: QWidget) -> None:
    frame, inside = card(label(title, "section"), rows)
    inside.addWidget(fold, 0, Qt.AlignmentFlag.AlignLeft)
    for one in words:
        inside.addWidget(one)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(frame)
