"""A hand for the wizards: by keys alone or by the mouse; waits until a page has heard what it waits for."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from cmk_admin.ui.details.page import GridRow
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.wizards.frame import WizardPage
from cmk_admin.ui.wizards.picking import Picker
from tests.journeys.driver import Driver


def _names(row: GridRow) -> tuple[str, str]:
    """What a row can be called: by its first cell, or by the first two where there are several of a name."""
    return row.cells[0].text, f"{row.cells[0].text}, {row.cells[1].text}"


class WizardDriver:
    """The wizard that is in front of a window."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.page = driver.page(WizardPage)
        self.settle()

    @property
    def at(self) -> str:
        return self.page.at

    def settle(self) -> None:
        """Wait until nothing is being asked or checked."""
        self.driver.until(lambda: not self.page.busy, "the checks to end")

    def next(self, to: str) -> None:
        """Press the button; the page that comes."""
        self.driver.click("wizard-next", self.page)
        self.come(to)

    def enter(self, to: str) -> None:
        """Press Enter where the focus is."""
        self.driver.key(Qt.Key.Key_Return)
        self.come(to)

    def back(self, to: str) -> None:
        self.driver.click("wizard-back", self.page)
        self.come(to)

    def come(self, to: str) -> None:
        self.driver.until(lambda: self.at == to, f"the page {to}; it is {self.page.at}")
        self.settle()

    def refused(self, name: str) -> str:
        """Press Next where it leads nowhere; what stands under the field then."""
        self.driver.click("wizard-next", self.page)
        self.driver.until(lambda: self.problem(name), f"a problem under {name}")
        return self.problem(name)

    def problem(self, name: str) -> str:
        """The sentences under a field of the page that is shown; empty: none."""
        page = self.page.page
        assert page is not None
        return " ".join(one.sentence for one in page.fields[name].problems)

    def pick(self, name: str, text: str) -> None:
        """Choose the row of a list by its name (`_names`), once it is there."""
        self._on_row(name, text, QTest.mouseClick)

    def open(self, name: str, text: str) -> None:
        """The same by a double click, which goes on."""

        def twice(*where: Any, **at: Any) -> None:
            QTest.mouseClick(*where, **at)
            QTest.mouseDClick(*where, **at)

        self._on_row(name, text, twice)

    def why_not(self, name: str, text: str) -> str:
        """What a list says of a row, once its rows were judged; empty: it fits."""
        self.settle()
        picker = self.driver.find(Picker, f"pick-{name}", self.page)
        self.driver.until(lambda: picker.judged, "the rows to be judged")
        row = next(row for row in picker.model.rows if row.cells[0].text == text)
        return row.cells[-1].text if "Why not" in picker.model.columns else ""

    def _on_row(self, name: str, text: str, act: Callable[..., None]) -> None:
        found: list[int] = []

        def there() -> bool:
            picker = self.driver.find(Picker, f"pick-{name}", self.page)
            found[:] = [at for at, row in enumerate(picker.model.rows) if text in _names(row)]
            return picker.judged and bool(found)

        self.driver.until(there, f"the row {text} to pick")
        view = self.driver.find(Picker, f"pick-{name}", self.page).view
        index = view.model().index(found[0], 0)
        view.scrollTo(index)
        act(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())
        self.settle()

    def press(self, name: str) -> None:
        """Click a button, a box or a choice."""
        self.driver.click(name, self.page)
        self.settle()

    def type(self, name: str, text: str) -> None:
        """Type into a field, in place of what stands there."""
        field = self.driver.find(QLineEdit, name, self.page)
        field.setFocus()
        field.selectAll()
        self.driver.type(text)
        self.settle()

    def plan(self) -> None:
        """Wait for the plan, or why there is none."""
        self.come("plan")
        self.driver.until(
            lambda: self.page.plan is not None or self.driver.text("wizard-plan-problems-text", self.page), "the plan"
        )

    def start(self) -> OperationPage:
        """Press the start button; the operation at its end."""
        self.driver.click("wizard-start", self.page)
        return self.driver.ended(self.driver.page(OperationPage))
