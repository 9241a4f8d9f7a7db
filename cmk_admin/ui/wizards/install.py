"""Puts the wizards' verbs into a window. Their pages are loaded when one is first opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cmk_admin.ui.actions import Verb
from cmk_admin.ui.selection import Selection

if TYPE_CHECKING:
    from cmk_admin.domain.index import Index
    from cmk_admin.ui.emergency.install import Emergency
    from cmk_admin.ui.main_window import MainWindow
    from cmk_admin.ui.wizards.wizard import Wizard

USUAL_PURPOSE = "mysql-flexible"


class Wizards(QObject):
    """Opens the wizards of one window; what they start runs where a revoke runs."""

    def __init__(self, window: MainWindow, emergency: Emergency) -> None:
        super().__init__(window)
        self._window, self._emergency = window, emergency
        self._add_verbs()

    def create_key(self) -> None:
        """In the vault that is selected, or that of the selected key."""
        from cmk_admin.domain.verbs.create_key import CreateKeyDraft
        from cmk_admin.ui.wizards.create_key import wizard

        vault_id = self._vault_id()
        self._open("create-key", wizard(CreateKeyDraft(vault_id=vault_id, purpose=USUAL_PURPOSE)))

    # From the selection to a draft

    def _vault_id(self) -> str:
        selection, index = self._window.selected(), self._index()
        if selection.vault_id:
            return selection.vault_id
        vault = index.vault_of(selection.key) if selection.key is not None else None
        return vault.id if vault is not None else ""

    def _index(self) -> Index:
        index = self._window.index
        assert index is not None, "the verbs are disabled while there is no estate"
        return index

    def _open(self, key: str, wizard: Wizard) -> None:
        from cmk_admin.ui.wizards.frame import WizardPage
        from cmk_admin.ui.wizards.wizard import Room

        window, backend = self._window, self._window.backend
        if backend is None:
            return
        room = Room(bridge=window.bridge, backend=backend, theme=window.theme, index=self._index, now=window.now)
        self._emergency.open_plan(key, lambda: WizardPage(room, wizard), icon=wizard.icon)

    # Verbs

    def _add_verbs(self) -> None:
        self._add(
            Verb(
                id="create-key",
                text="Create a ke&y…",
                menu="key",
                icon="key-add",
                shortcut="Ctrl+N",
                tip="Make a key for a service, in the selected vault",
                context=("vault", "key"),
            ),
            self.create_key,
        )

    def _add(
        self, verb: Verb, run: Callable[[], None], why_not: Callable[[Selection], str | None] | None = None
    ) -> None:
        def reason(selection: Selection) -> str | None:
            if self._window.backend is None:
                return "Open a connection first."
            if self._window.index is None:
                return "There is no estate on screen yet."
            return why_not(selection) if why_not is not None else None

        self._window.verbs.add(verb, run, reason)


def install(window: MainWindow, emergency: Emergency) -> Wizards:
    """Add the wizards to a window."""
    return Wizards(window, emergency)
