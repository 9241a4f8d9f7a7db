"""LIVE and the tenant in words, to stand beside whatever changes a real Azure."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from cmk_admin.operations.connection import ConnectionInfo, ConnectionKind
from cmk_admin.ui.connect.words import cloud_words
from cmk_admin.ui.widgets.labels import Elided, label


def where_it_is_done(info: ConnectionInfo, name: str) -> QWidget:
    """``LIVE  tenant 8f3c…, Azure public cloud``; empty and hidden on a sandbox, which the strip names."""
    whole = QWidget()
    whole.setObjectName(name)
    live = info.kind is ConnectionKind.LIVE
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    if live:
        tenant = f"tenant {info.account.tenant_id}, {cloud_words(info.account.cloud)}"
        pill = label("LIVE", "pill", name=f"{name}-pill")
        pill.setProperty("tone", "live")
        pill.setFixedHeight(22)
        words = Elided(tenant, "quiet", Qt.TextElideMode.ElideRight)
        words.setObjectName(f"{name}-tenant")
        words.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row.addWidget(pill)
        row.addWidget(words)
        whole.setAccessibleName(f"Live Azure, {tenant}")
    if not live:  # shown before it stands anywhere it would be a window of its own
        whole.hide()
    return whole
