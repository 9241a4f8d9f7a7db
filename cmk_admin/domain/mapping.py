"""The mapping: which service uses which key, through which identity and which grants. One row per consumer and slot."""

from dataclasses import dataclass
from datetime import datetime

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Key, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow:
    """A row; None is *not known*."""

    use: Use | None
    service: str
    consumer_id: str
    slot: str
    vault: str | None
    key_name: str | None
    key_id: str | None
    version: str | None
    identity_name: str | None
    identity_object_id: str | None
    identity_resource_id: str | None
    role_assignment_scope: tuple[str, ...] | None
    key_type: str | None
    key_size: int | None
    key_options: tuple[str, ...] | None
    state: str
    problems: tuple[str, ...]


def rows(index: Index, now: datetime | None = None) -> tuple[MappingRow, ...]:
    """All rows, sorted by service, consumer and slot. `now` decides what is expired; None: when the estate was read."""
    raise NotImplementedError


def state_of(index: Index, key: KeyId, now: datetime) -> str:
    """enabled, disabled, expired, not-yet-valid, deleted or unknown; of the version, without one of the current one."""
    raise NotImplementedError


def key_problems(index: Index, key: KeyId, now: datetime) -> tuple[str, ...]:
    """The problem codes of a key, those of its uses included, sorted."""
    raise NotImplementedError


def vault_problems(vault: Vault) -> tuple[str, ...]:
    """The problem codes of a vault by itself."""
    raise NotImplementedError


def lone_key_problems(index: Index, key: Key, now: datetime) -> tuple[str, ...]:
    """The problem codes of a key by itself, whoever uses it."""
    raise NotImplementedError
