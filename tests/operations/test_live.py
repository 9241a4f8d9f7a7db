"""What is remembered of a live connection's account, and for whom it counts."""

import os
from pathlib import Path

import pytest

from cmk_admin.operations.connection import LiveChoice
from cmk_admin.operations.live import RECORD, _newest_record

TENANT, OTHER = "8f3c0000-0000-4000-8000-00000000000a", "8f3c0000-0000-4000-8000-00000000000b"


@pytest.fixture
def connections(tmp_path: Path) -> Path:
    """Two accounts of a tenant, one of another, one of another cloud, and a sandbox that has such a file too."""
    for age, name in enumerate(
        (
            f"live-public-{TENANT}-old",
            f"live-public-{TENANT}-new",
            f"live-public-{OTHER}-other",
            f"live-usgov-{TENANT}-gov",
            "sandbox-live-public",
        )
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / RECORD).write_text(name)
        os.utime(folder / RECORD, (age, age))
    return tmp_path


@pytest.mark.parametrize(
    ("choice", "account"),
    [
        (LiveChoice(), f"live-public-{OTHER}-other"),
        (LiveChoice(tenant=TENANT), f"live-public-{TENANT}-new"),
        (LiveChoice(tenant=TENANT.upper()), f"live-public-{TENANT}-new"),
        (LiveChoice(cloud="usgov"), f"live-usgov-{TENANT}-gov"),
        (LiveChoice(cloud="china"), None),
        # Whose domain that is nobody knows here
        (LiveChoice(tenant="contoso.example"), None),
        (LiveChoice(tenant="*"), None),
        (LiveChoice(tenant="../x"), None),
    ],
)
def test_the_account_of_the_last_time_counts_for_its_own_cloud_and_tenant(
    connections: Path, choice: LiveChoice, account: str | None
) -> None:
    assert _newest_record(connections, choice) == account


def test_a_record_that_cannot_be_read_is_asked_for_again(connections: Path) -> None:
    (connections / f"live-usgov-{TENANT}-gov" / RECORD).write_bytes(b"\xff\xfe")
    assert _newest_record(connections, LiveChoice(cloud="usgov")) is None


def test_where_nothing_was_open_there_is_no_account(tmp_path: Path) -> None:
    assert _newest_record(tmp_path / "connections", LiveChoice()) is None
