"""Words: durations and dates as people say them, and never a word that says more than is known."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain import access, words
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.model import Coverage, CoverageProblem
from cmk_admin.domain.plan import PathState, PlannedPath
from tests.domain import estates
from tests.domain.estates import MYSQL_ID, MYSQL_KEY, NOW, SUB


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "no time documented"),
        (0, "0 seconds"),
        (1, "1 second"),
        (90, "1 minute 30 seconds"),
        (600, "10 minutes"),
        (3600, "1 hour"),
        (3900, "1 hour 5 minutes"),
        (86400 * 3, "3 days"),
        (86400 + 7200, "1 day 2 hours"),
    ],
)
def test_durations(seconds: int | None, said: str) -> None:
    assert words.duration(seconds) == said


def test_a_stopwatch_counts_minutes_then_hours() -> None:
    assert [words.stopwatch(seconds) for seconds in (0, 432, 3723)] == ["0:00", "7:12", "1:02:03"]


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (1, "just now"),
        (180, "3 minutes ago"),
        (7200, "2 hours ago"),
        (86400 * 2, "2 days ago"),
        (86400 * 60, "31 December 2025"),
    ],
)
def test_how_long_ago(past: int, said: str) -> None:
    assert words.ago(NOW - timedelta(seconds=past), NOW) == said


def test_expiry_says_when_and_whether() -> None:
    assert words.expiry(None, NOW) == "does not expire"
    assert words.expiry(NOW + timedelta(days=12, hours=5), NOW) == "expires in 12 days"
    assert words.expiry(NOW - timedelta(days=3), NOW) == "expired 3 days ago"
    assert words.expiry(NOW + timedelta(days=800), NOW) == "expires on 9 May 2028"


def test_a_type_has_its_size_or_its_curve() -> None:
    assert words.key_type(MYSQL_KEY) == "RSA-HSM 2048"
    assert words.key_type(replace(MYSQL_KEY, key_type="EC", size=256, curve="P-256")) == "EC P-256"
    assert words.key_type(replace(MYSQL_KEY, key_type=None)) == "type not known"


@pytest.mark.parametrize(
    ("level", "word"),
    [
        ("Purgeable", "gone for good"),
        ("Recoverable", "90 days"),
        ("Recoverable+Purgeable", "unless somebody purges"),
        ("CustomizedRecoverable+ProtectedSubscription", "subscription cannot be cancelled"),
        (None, "not known"),
    ],
)
def test_recovery_levels_say_what_a_deletion_means(level: str | None, word: str) -> None:
    assert word in words.recovery_level(level)


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (estates.MYSQL_SCOPE, "key mysql-encryption-key"),
        (estates.PREMIUM.id, "vault dcc-premium"),
        (estates.GROUP, "resource group dcc"),
        (f"/subscriptions/{SUB}", "subscription Health"),
        (estates.MG, "management group health"),
        ("/", "the whole tenant"),
        ("https://x.vault.azure.net", "vault x.vault.azure.net"),
    ],
)
def test_scopes_are_named_by_what_they_are(scope: str, said: str) -> None:
    assert words.scope(estates.index(), scope) == said


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (estates.MYSQL_SCOPE, "key mysql-encryption-key of dcc-premium"),
        (estates.PREMIUM.id, "vault dcc-premium"),
        ("/", "the whole tenant"),
    ],
)
def test_a_key_among_keys_of_the_same_name_is_named_with_its_vault(scope: str, said: str) -> None:
    assert words.scope_in_full(estates.index(), scope) == said


def test_a_path_reads_from_who_to_where() -> None:
    index = estates.index()
    (path,) = access.paths(index, MYSQL_KEY.id, MYSQL_ID)
    assert words.path(index, path) == "role Key Vault Crypto Service Encryption User → key mysql-encryption-key"


@given(st.text(), st.integers(3, 60))
def test_shortened_text_fits_and_keeps_both_ends(text: str, length: int) -> None:
    short = words.shortened(text, length)
    assert len(short) <= max(length, len(text) if len(text) <= length else length)
    assert short == text or (short[0] == text[0] and short[-1] == text[-1])


def test_coverage_counts_what_could_not_be_read() -> None:
    problems = tuple(
        CoverageProblem(scope=scope, kind=kind, message="")
        for scope, kind in (
            ("/subscriptions/s/providers/Microsoft.KeyVault/vaults/a", FailureKind.UNREACHABLE),
            ("/subscriptions/s/providers/Microsoft.KeyVault/vaults/b", FailureKind.UNREACHABLE),
            ("/subscriptions/other", FailureKind.FORBIDDEN),
            ("x.vault.azure.net", FailureKind.NOT_VISIBLE),
        )
    )
    said = words.coverage(Coverage(subscriptions_listed=16, subscriptions_read=14, problems=problems))
    assert said == "14 of 16 subscriptions read, 1 place forbidden, 2 vaults unreachable, 1 vault not visible"


def test_every_problem_code_has_words_and_advice() -> None:
    for code in (
        "software-key", "disabled-version-in-use", "vault-unreachable", "shared-identity", "inherited-grant",
        "group-grant", "unused-grant", "not-visible",
    ):  # fmt: skip
        assert words.problem(code)
        assert words.problem_help(code).endswith(".")


def test_a_path_that_was_not_read_says_what_is_not_known_instead_of_naming_it_a_way() -> None:
    one = PlannedPath(
        via="role Key Vault Crypto User",
        scope=f"{MYSQL_KEY.id}",
        principal="p1",
        principal_name="dcc-mysql-id",
        state=PathState.UNKNOWN,
    )
    assert words.planned_path(one).startswith("dcc-mysql-id by role Key Vault Crypto User at key ")
    unread = words.planned_path(replace(one, via=words.NOT_READ))
    assert unread.startswith("whether dcc-mysql-id can use it could not be read at key ")
