"""Durations, dates, states and kinds as people say them."""

from datetime import datetime

from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Coverage, Key


def duration(seconds: float | None) -> str:
    """``45 seconds``, ``10 minutes``, ``1 hour 5 minutes``, ``3 days``; None: ``no time documented``."""
    raise NotImplementedError


def stopwatch(seconds: float) -> str:
    """A running time: ``7:12``, ``1:02:03``."""
    raise NotImplementedError


def ago(then: datetime | None, now: datetime) -> str:
    """``just now``, ``3 minutes ago``, ``yesterday``, ``12 March 2026``."""
    raise NotImplementedError


def date(when: datetime | None) -> str:
    """``12 March 2026``; None: ``not known``."""
    raise NotImplementedError


def exact(when: datetime | None) -> str:
    """``2026-03-12 09:30:15 UTC``."""
    raise NotImplementedError


def expiry(expires: datetime | None, now: datetime) -> str:
    """``does not expire``, ``expires in 12 days``, ``expired 3 days ago``."""
    raise NotImplementedError


def key_type(key: Key) -> str:
    """``RSA-HSM 2048``, ``EC P-256``; ``type not known``."""
    raise NotImplementedError


def state(word: str) -> str:
    """A state of `mapping.state_of` in words: ``not yet valid``."""
    raise NotImplementedError


def hsm_platform(key: Key) -> str:
    """What protects the key's material, in words."""
    raise NotImplementedError


def recovery_level(level: str | None) -> str:
    """What happens to the key when it is deleted, in words."""
    raise NotImplementedError


def scope(index: Index, scope_id: str) -> str:
    """``key mysql-encryption-key``, ``vault dcc-premium``, ``subscription Payments``."""
    raise NotImplementedError


def path(index: Index, one: AccessPath) -> str:
    """A path in one line: ``group Payments-Ops → role Contributor → subscription Payments``."""
    raise NotImplementedError


def who(index: Index, object_id: str) -> str:
    """A principal's name, or its shortened object id."""
    raise NotImplementedError


def shortened(text: str, length: int = 24) -> str:
    """A long id with its middle left out."""
    raise NotImplementedError


def problem(code: str) -> str:
    """A problem code in a few words: ``software key``."""
    raise NotImplementedError


def problem_help(code: str) -> str:
    """What it means and what to do about it, one or two sentences."""
    raise NotImplementedError


def coverage(found: Coverage) -> str:
    """``14 of 16 subscriptions read, 2 vaults unreachable``."""
    raise NotImplementedError


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 key``, ``2 keys``."""
    raise NotImplementedError
