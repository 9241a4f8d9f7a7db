"""From what a person types (a name or an id) to the one thing that is meant."""

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Vault


def key(index: Index, text: str, *, vault_suffixes: tuple[str, ...] = ()) -> KeyId:
    """A key without version, from ``VAULT/KEY``, a key id, a key's ARM id or a name that only one key has.

    Raises BadInput: ``bad-key-id``, ``unknown-vault``, ``unknown-key``, ``ambiguous-key``.
    """
    raise NotImplementedError


def vault(index: Index, text: str) -> Vault:
    """A vault, from its name, host or ARM id. Raises BadInput ``unknown-vault``, ``ambiguous-vault``."""
    raise NotImplementedError


def consumer(index: Index, text: str) -> Consumer:
    """A consumer, from its name or ARM id. Raises BadInput ``unknown-consumer``, ``ambiguous-consumer``."""
    raise NotImplementedError


def principal(index: Index, text: str) -> str:
    """The object id of an identity, from its name, resource id, object id or client id.

    Raises BadInput ``unknown-identity``, ``ambiguous-identity``.
    """
    raise NotImplementedError
