"""Which failures stopped a request before its target knew of it."""

import pytest

from cmk_admin.domain.errors import AzureFailure, FailureKind


@pytest.mark.parametrize(
    ("kind", "status", "stopped"),
    [
        (FailureKind.FORBIDDEN, 403, True),
        (FailureKind.LOCKED, 409, True),
        (FailureKind.UNREACHABLE, None, True),
        (FailureKind.UNREACHABLE, 400, False),
        (FailureKind.FAILED, 400, False),
        (FailureKind.CONFLICT, 409, False),
        (FailureKind.LOST, None, False),
    ],
)
def test_what_the_target_itself_refuses_did_come_to_it(kind: FailureKind, status: int | None, stopped: bool) -> None:
    assert AzureFailure(kind, "No.", status=status).on_the_way is stopped
