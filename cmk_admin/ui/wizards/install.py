"""Puts the wizards' verbs into a window. Their pages are loaded when one is first opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cmk_admin.domain.services import service
from cmk_admin.ui.actions import Verb
from cmk_admin.ui.selection import Selection

if TYPE_CHECKING:
    from cmk_admin.domain.index import Index
    from cmk_admin.ui.emergency.install import Emergency
    from cmk_admin.ui.main_window import MainWindow
    from cmk_admin.ui.wizards.wizard import Wizard

USUAL_SERVICE = "mysql-flexible"
"""What is proposed where nothing that is selected says otherwise."""


class Wizards(QObject):
    """Opens the wizards of one window; what they start runs where a revoke runs."""

    def __init__(self, window: MainWindow, emergency: Emergency) -> None:
        super().__init__(window)
        self._window, self._emergency = window, emergency
        self._add_verbs()

    # What the user can ask for; each loads its pages now

    def create_key(self) -> None:
        """In the vault that is selected, or that of the selected key."""
        from cmk_admin.domain.verbs.create_key import CreateKeyDraft
        from cmk_admin.ui.wizards.create_key import wizard

        vault_id = self._vault_id()
        self._open(f"create-key {vault_id}", wizard(CreateKeyDraft(vault_id=vault_id, purpose=USUAL_SERVICE)))

    def grant(self) -> None:
        """The selected key, to the selected identity."""
        from cmk_admin.domain.verbs.grant import GrantDraft
        from cmk_admin.ui.wizards.grant import wizard

        selection = self._window.selected()
        identity = (selection.principal_id or "") if selection.kind == "identity" else ""
        purpose = self._service(selection) or USUAL_SERVICE
        draft = GrantDraft(key=selection.key, identity=identity, purpose=purpose)
        self._open(f"grant {selection.key} {identity}", wizard(draft))

    def attach(self) -> None:
        """The selected key; or another one to the selected service."""
        from cmk_admin.domain.verbs.attach import AttachDraft
        from cmk_admin.ui.wizards.attach import wizard

        selection = self._window.selected()
        if selection.consumer_id:
            draft = AttachDraft(consumer=selection.consumer_id, service=self._service(selection))
        else:
            draft = AttachDraft(key=selection.key, service=USUAL_SERVICE)
        self._open(f"attach {draft.key} {draft.consumer} {draft.service}", wizard(draft))

    def detach(self) -> None:
        """The selected service, from its key."""
        from cmk_admin.domain.verbs.detach import DetachDraft
        from cmk_admin.ui.wizards.of_consumer import detach_wizard

        consumer, service = self._consumer()
        self._open(f"detach {consumer} {service}", detach_wizard(DetachDraft(consumer=consumer, service=service)))

    def revalidate(self) -> None:
        """Let the selected service try its key again."""
        from cmk_admin.domain.verbs.revalidate import RevalidateDraft
        from cmk_admin.ui.wizards.of_consumer import revalidate_wizard

        consumer, service = self._consumer()
        draft = RevalidateDraft(consumer=consumer, service=service)
        self._open(f"revalidate {consumer} {service}", revalidate_wizard(draft))

    def repair(self) -> None:
        """Give the selected service back what it lacks."""
        from cmk_admin.domain.verbs.repair import RepairDraft
        from cmk_admin.ui.wizards.of_consumer import repair_wizard

        consumer, service = self._consumer()
        self._open(f"repair {consumer} {service}", repair_wizard(RepairDraft(consumer=consumer, service=service)))

    def selected_is_lost(self) -> bool:
        """Whether what is selected says that it is without its data: repair then stands on its page."""
        selection, index = self._window.selected(), self._window.index
        found = index.consumers(selection.consumer_id) if index is not None and selection.consumer_id else ()
        return any((one.state or "").lower() in service(one.service).lost_words for one in found)

    # From the selection to a draft

    def _vault_id(self) -> str:
        selection, index = self._window.selected(), self._index()
        if selection.vault_id:
            return selection.vault_id
        vault = index.vault_of(selection.key) if selection.key is not None else None
        return vault.id if vault is not None else ""

    def _consumer(self) -> tuple[str, str]:
        """Id and service of the selected consumer."""
        selection = self._window.selected()
        return selection.consumer_id or "", self._service(selection)

    def _service(self, selection: Selection) -> str:
        """The service of the selected consumer; of two of one resource that which uses the key above it."""
        if not selection.consumer_id:
            return ""
        index = self._index()
        found = index.consumers(selection.consumer_id)
        for one in found:
            named = selection.service in (None, one.service)
            slots = index.slots_of(one)
            if named and (selection.key is None or any(slot.key_id.key == selection.key for slot in slots)):
                return one.service
        return found[0].service if found else ""

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
        self._add(
            Verb(
                id="grant",
                text="&Grant access…",
                menu="key",
                icon="grant",
                tip="Let an identity use the selected key, with the least role that suffices",
                context=("key", "identity"),
            ),
            self.grant,
        )
        self._add(
            Verb(
                id="attach",
                text="&Attach to a service…",
                menu="key",
                icon="attach",
                tip="Let MySQL, AKS or a disk encryption set encrypt with the selected key",
                context=("key", "consumer"),
            ),
            self.attach,
        )
        self._add(
            Verb(
                id="detach",
                text="&Detach…",
                menu="key",
                icon="detach",
                tip="Give the selected service a key that Azure manages instead",
                context=("consumer",),
            ),
            self.detach,
            _needs_consumer,
        )
        self._add(
            Verb(
                id="revalidate",
                text="Re&validate…",
                menu="key",
                icon="revalidate",
                tip="Let the selected service try its key again",
                context=("consumer",),
            ),
            self.revalidate,
            _needs_consumer,
        )
        self._add(
            Verb(
                id="repair",
                text="Re&pair…",
                menu="key",
                icon="repair",
                tip="Find out what the selected service lacks, and give it back",
                context=("consumer",),
            ),
            self.repair,
            _needs_consumer,
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


def _needs_consumer(selection: Selection) -> str | None:
    return None if selection.consumer_id else "Select a service under its key."


def install(window: MainWindow, emergency: Emergency) -> Wizards:
    """Add the wizards to a window."""
    return Wizards(window, emergency)
