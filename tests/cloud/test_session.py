"""The one way to Azure: tokens, hosts, retries, and answers that never came."""

import asyncio
import logging
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.cloud import api, keys, roles
from cmk_admin.cloud.inventory import read_estate
from cmk_admin.cloud.session import LongRunning, Session, Timeouts
from cmk_admin.domain.errors import AzureFailure, BadInput, FailureKind
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.model import Estate

from .conftest import Azure, Run, vault_named

PREMIUM = "dcc-premium.vault.azure.net"


def failure(run: Run[Any], work: Any) -> AzureFailure:
    with pytest.raises(AzureFailure) as caught:
        run(work)
    return caught.value


def test_the_account_is_who_signed_in(looking: Session, shared: Azure) -> None:
    who = shared.connection.principal("administrator")
    assert (looking.account.object_id, looking.account.name) == (who.object_id, "administrator")
    assert looking.account.tenant_id == shared.connection.tenant_id


@pytest.mark.parametrize("host", ["evil.example", "vault.azure.net.evil.example", "a.b.vault.azure.net", "127.0.0.1"])
def test_a_host_outside_the_cloud_gets_neither_token_nor_request(
    looking: Session, shared: Azure, run: Run[Any], host: str
) -> None:
    before = shared.requests("GET", "")
    assert failure(run, looking.vault("GET", host, "/keys")).kind is FailureKind.SIGN_IN
    assert shared.requests("GET", "") == before


def test_a_next_link_to_another_host_is_not_followed(looking: Session, run: Run[Any]) -> None:
    work = looking.vault("GET", PREMIUM, "https://dcc-lab.vault.azure.net/keys?api-version=2025-07-01")
    assert failure(run, work).kind is FailureKind.FAILED


def test_an_operation_address_at_another_host_is_not_asked(looking: Session, run: Run[Any]) -> None:
    assert failure(run, looking.poll(LongRunning(address="https://evil.example/x"))).kind is FailureKind.SIGN_IN
    assert failure(run, looking.poll(LongRunning(address="http://management.azure.com/x"))).kind is FailureKind.SIGN_IN


@pytest.mark.parametrize("what", ["POST *oauth2/v2.0/token", "GET *openid-configuration"])
def test_a_sign_in_that_is_never_answered_is_tried_again_soon(lent: Azure, run: Run[Any], what: str) -> None:
    lent.fault(f"{what} timeout;times=1")

    async def work() -> str:
        session = await Session.open(lent.connection, timeouts=Timeouts(read=0.3))
        await session.close()
        return session.account.name

    assert run(asyncio.wait_for(work(), 15)) == "administrator"


def test_a_server_of_another_authority_is_not_trusted(shared: Azure, run: Run[Any], tmp_path: Path) -> None:
    system = ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().openssl_cafile
    if not Path(system).exists():
        pytest.skip("this machine has no bundle of authorities")
    connection = replace(shared.connection, ca_file=Path(system))
    refused = failure(run, Session.open(connection))
    assert refused.kind is FailureKind.UNREACHABLE
    assert "certificate" in refused.message


def test_a_wrong_secret_is_refused_in_words_without_the_secret(shared: Azure, run: Run[Any]) -> None:
    who = shared.connection.principal("reader")
    wrong = replace(shared.connection, principals={"reader": replace(who, secret="not-the-secret")})
    refused = failure(run, Session.open(wrong))
    assert refused.kind is FailureKind.SIGN_IN
    assert "not-the-secret" not in f"{refused.message}{refused.next}{refused!r}"


def test_a_principal_that_is_not_there_is_bad_input_with_the_candidates(shared: Azure, run: Run[Any]) -> None:
    with pytest.raises(BadInput) as caught:
        run(Session.open(shared.connection, principal="nobody"))
    assert "administrator" in caught.value.candidates


def test_many_requests_at_once_fetch_one_token_per_plane(lent: Azure, hasty: Session, run: Run[Any]) -> None:
    async def many() -> None:
        await asyncio.gather(*(hasty.vault("GET", PREMIUM, "/keys") for _ in range(20)))

    before = len(lent.requests("POST", "/token"))
    run(many())
    assert len(lent.requests("POST", "/token")) == before + 1


def test_no_token_and_no_secret_reaches_the_log(lent: Azure, run: Run[Any], caplog: pytest.LogCaptureFixture) -> None:
    async def tokens() -> list[str]:
        session = await Session.open(lent.connection)
        try:
            await read_estate(session)
            return [await session._tokens.get(scope) for scope in (session.names.arm_scope, session.names.vault_scope)]
        finally:
            await session.close()

    with caplog.at_level(logging.DEBUG):
        secrets = [*run(tokens()), *(who.secret for who in lent.connection.principals.values())]
    assert not [secret for secret in secrets if secret in caplog.text]


@pytest.mark.parametrize("kind", ["status:503", "throttle:1", "reset", "status:500"])
def test_a_read_is_tried_again(lent: Azure, hasty: Session, run: Run[Any], kind: str) -> None:
    lent.fault(f"GET {PREMIUM}/keys {kind};times=1")
    before = len(lent.requests("GET", "/keys"))
    assert run(hasty.vault("GET", PREMIUM, "/keys")).status == 200
    assert len(lent.requests("GET", "/keys")) == before + 2


def test_a_read_that_stays_busy_fails_in_the_end(lent: Azure, hasty: Session, run: Run[Any]) -> None:
    lent.fault(f"GET {PREMIUM}/keys throttle:1")
    refused = failure(run, hasty.vault("GET", PREMIUM, "/keys"))
    assert refused.kind is FailureKind.THROTTLED
    assert refused.retry_after == 1


@pytest.mark.parametrize(
    ("kind", "expected", "done"),
    [
        ("status:503", FailureKind.FAILED, False),
        ("status:500", FailureKind.LOST, False),
        ("throttle:1", FailureKind.THROTTLED, False),
        ("reset", FailureKind.LOST, False),
        ("timeout", FailureKind.LOST, False),
        ("lost", FailureKind.LOST, True),
    ],
)
def test_a_write_is_sent_once_whatever_happens(  # noqa: PLR0917
    lent: Azure, hasty: Session, run: Run[Any], kind: str, expected: FailureKind, done: bool
) -> None:
    estate: Estate = run(read_estate(hasty))
    key = next(key for key in estate.keys if key.id.name == "mysql-encryption-key")
    scope = key_scope(vault_named(estate, "dcc-premium").id, key.id.name)
    assignment = next(one for one in estate.role_assignments if one.scope == scope)
    lent.fault(f"DELETE management.azure.com{assignment.id} {kind};times=1")
    before = len(lent.requests("DELETE", assignment.id))
    refused = failure(run, roles.delete_assignment(hasty, assignment.id))
    assert refused.kind is expected
    assert len(lent.requests("DELETE", assignment.id)) == before + 1
    assert (run(roles.get_assignment(hasty, assignment.id)) is None) is done
    assert run(roles.delete_assignment(hasty, assignment.id)) is not done
    run(roles.create_assignment(hasty, assignment))


def test_a_sandbox_that_ended_is_unreachable(azure: Azure, run: Run[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    session = run(Session.open(azure.connection, timeouts=Timeouts(connect=1, read=1, write=1)))
    azure.process.stop()
    key = KeyId(PREMIUM, "mysql-encryption-key", "0" * 32)
    try:
        assert failure(run, session.arm("GET", "/subscriptions", api_version=api.SUBSCRIPTIONS)).kind is (
            FailureKind.UNREACHABLE
        )
        # no connection can be made, so it is certain that nothing was done
        assert failure(run, keys.set_enabled(session, key, False)).kind is FailureKind.UNREACHABLE
    finally:
        run(session.close())


def test_the_sandboxes_calendar_is_followed(azure: Azure, session: Session, run: Run[Any]) -> None:
    before = session.clock.now()
    azure.control("POST", "clock", {"advance_s": 40 * 86400})
    run(session.read_clock())
    assert 39 < (session.clock.now() - before).days <= 40
    assert session.clock.azure_seconds(2) == 120


def test_urgent_work_does_not_wait_for_the_budget(looking: Session, run: Run[Any]) -> None:
    async def exhaust() -> None:
        for _ in range(24):
            await looking.budgets.arm_gate.acquire()
        try:
            await asyncio.wait_for(
                looking.arm("GET", "/subscriptions", api_version=api.SUBSCRIPTIONS, urgent=True), timeout=5
            )
        finally:
            for _ in range(24):
                looking.budgets.arm_gate.release()

    run(exhaust())
