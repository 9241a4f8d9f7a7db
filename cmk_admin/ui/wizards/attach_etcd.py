"""Attach a key to a cluster's secrets: by which engine, by which way, and what becomes of the secrets that exist."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.attach_aks_etcd import engine_of
from cmk_admin.domain.verbs.changes_aks import LEGACY, NEW, PRIVATE, PUBLIC
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.wizards.answers import Cards
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Room


class Engine(Question):
    def __init__(self, room: Room) -> None:
        super().__init__(
            room,
            "engine",
            "How shall the cluster encrypt its secrets?",
            "Two engines do it. Only one of them can be switched off again.",
        )
        self._engine = Cards(
            "engine",
            (
                (LEGACY, "Legacy engine", "Names one version of the key. Can be switched off, and given another key."),
                (
                    NEW,
                    "New engine",
                    "Names the key without a version, and follows the newest. Cannot be switched off again.",
                ),
            ),
        )
        self._engine.chosen.connect(self._engined)
        self.add("engine", "Engine", self._engine)
        self._network = Cards(
            "network",
            (
                (PUBLIC, "Public", "The cluster reaches the vault by its public address."),
                (PRIVATE, "Private", "The vault is closed to public networks, and reached by a private endpoint."),
            ),
        )
        self._network.chosen.connect(self._networked)
        self.add("network", "Way to the vault", self._network)
        holder = QWidget()
        self._rewrite = QCheckBox("Write every secret again afterwards")
        self._rewrite.setObjectName("rewrite-secrets")
        self._rewrite.setMinimumHeight(sizes.TARGET)
        self._rewrite.clicked.connect(self._rewritten)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._rewrite, 0, Qt.AlignmentFlag.AlignLeft)
        holder.setFocusProxy(self._rewrite)
        self.add(
            "rewrite_secrets",
            "Secrets that exist",
            holder,
            "Through the cluster's run command: each secret is read and put back as it was, which encrypts it anew. Nothing "
            "of a secret is shown or kept here.",
        )
        self.end()

    def fill(self, draft: AttachDraft) -> None:
        target = self.around.target(draft.consumer) if self.around is not None and draft.consumer else None
        self._engine.choose(engine_of(draft, target))
        self._network.choose(draft.network)
        self._rewrite.setChecked(draft.rewrite_secrets)

    def _engined(self, engine: str) -> None:
        self.put("rewrite_secrets", engine=engine)

    def _networked(self, network: str) -> None:
        self.put(network=network)

    def _rewritten(self, on: bool) -> None:
        self.put(rewrite_secrets=on)
