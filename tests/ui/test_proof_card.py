"""The card of a proof turns green by itself when what is closed counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.cli.incident import proof_text
from cmk_admin.domain.plan import PathState, PlannedPath
from cmk_admin.domain.steps import Outcome
from cmk_admin.operations.interface import Counting, Incident, OperationReport, PathProof, Proof, ProvenPath
from cmk_admin.ui.emergency.parts import Badge
from cmk_admin.ui.emergency.proof_card import ProofCard
from cmk_admin.ui.theme.theme import Theme

PATH = PlannedPath(
    via="role Key Vault Crypto User", scope="/x", principal="p", principal_name="one", state=PathState.WILL_CLOSE
)


def _texts(card: ProofCard) -> str:
    found = [str(child.property("text") or "") for child in card.findChildren(QWidget)]
    return "\n".join(found)


def test_the_card_turns_green_by_itself_when_the_last_path_counts(theme: Theme, qtbot: QtBot) -> None:
    now = datetime.now(UTC)
    due = now + timedelta(seconds=1)
    counting = Counting(gone_at=now, gone_there=now, counts_at=due, settled_at=due)
    proof = Proof(at=now, paths=(ProvenPath(path=PATH, state=PathProof.CLOSED, since=now, counting=counting),))
    card = ProofCard(theme, lambda scope: scope)
    qtbot.addWidget(card)
    card.show_report(
        OperationReport(
            operation="a1",
            verb="revoke",
            title="Cut it off",
            subject="key",
            outcome=Outcome.DONE,
            steps=(),
            incident=Incident.OPEN,
            proof=proof,
        )
    )
    verdict = card.findChild(Badge, "proof-verdict")
    assert isinstance(verdict, Badge)
    assert verdict.word.startswith("1 closed, counting by ")
    assert "The grant is gone; it counts at the vault by " in _texts(card)

    qtbot.waitUntil(lambda: verdict.word == "1 closed", timeout=5000)
    assert datetime.now(UTC) >= due
    # The rows of before are deleted a moment later
    qtbot.waitUntil(lambda: "counts at the vault" not in _texts(card))


def test_a_path_to_a_copy_is_told_from_the_path_to_the_key(theme: Theme, qtbot: QtBot) -> None:
    now = datetime.now(UTC)
    own = replace(PATH, scope="/subscriptions/00000000-0000-0000-0000-000000000001")
    both = (own, replace(own, kind="copy"))
    paths = tuple(ProvenPath(path=one, state=PathProof.UNKNOWN, since=now, reason="it was not read") for one in both)
    report = OperationReport(
        operation="a1",
        verb="revoke",
        title="Cut it off",
        subject="key",
        outcome=Outcome.PARTIAL,
        steps=(),
        incident=Incident.OPEN,
        proof=Proof(at=now, paths=paths),
    )
    card = ProofCard(theme, lambda scope: scope)
    qtbot.addWidget(card)
    card.show_report(report)
    assert _texts(card).lower().count("to the same key material in another vault") == 1
    assert proof_text(report).count("to the same key material in another vault") == 1
