"""What Azure reports of the services of an operation: what is open first, and of many the rest folded under a count."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from cmk_admin.operations.interface import WatchReport, WatchResult
from cmk_admin.ui.emergency.lanes import Lane, Lanes
from cmk_admin.ui.emergency.look import WATCHES
from cmk_admin.ui.emergency.parts import Disclosure
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme

MOST = 8
"""Services that are all shown at once."""
_ORDER = (WatchResult.CONTRADICTED, WatchResult.NOT_CONFIRMED, WatchResult.WAITING, WatchResult.CONFIRMED)


class OperationLanes(QWidget):
    """Services that are not confirmed stand first: they are what somebody has to look after."""

    def __init__(self, theme: Theme, name: str, spoken: str) -> None:
        super().__init__()
        self._open = Lanes(theme, name, spoken)
        self._folded = Lanes(theme, f"{name}-more", f"{spoken}: more services")
        self.fold = Disclosure(theme, "", f"{name}-fold", "Show more services", self._folded)
        self.fold.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(sizes.GRID)
        for part in (self._open, self.fold, self._folded):
            column.addWidget(part)

    def show_watches(self, lanes: tuple[tuple[WatchReport, Lane], ...]) -> None:
        """Each service with its lane."""
        ordered = sorted(lanes, key=lambda one: _ORDER.index(one[0].result))
        shown = ordered if len(lanes) <= MOST else [one for at, one in enumerate(ordered) if _is_first(one[0], at)]
        folded = [one for one in ordered if one not in shown]
        self._open.show_lanes(tuple(lane for _, lane in shown))
        self._open.setVisible(bool(shown))
        self._folded.show_lanes(tuple(lane for _, lane in folded))
        results = [watch.result for watch, _ in folded]
        counts = ", ".join(f"{results.count(one)} {WATCHES[one].word}" for one in _ORDER if one in results)
        self.fold.say(counts, f"Show more services: {counts}")
        self.fold.setVisible(bool(folded))
        self._folded.setVisible(bool(folded) and self.fold.isChecked())


def _is_first(watch: WatchReport, place: int) -> bool:
    """What is contradicted is always shown; what is confirmed never beside many others."""
    if watch.result is WatchResult.CONTRADICTED:
        return True
    return place < MOST and watch.result is not WatchResult.CONFIRMED
