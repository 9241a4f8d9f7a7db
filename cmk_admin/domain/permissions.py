"""What roles and access policies allow to do with keys: RBAC's data actions, and the words of access policies for them."""

import re
from functools import lru_cache

from cmk_admin.domain.model import AccessPolicy, Permissions, RoleDefinition

_KEYS = "Microsoft.KeyVault/vaults/keys/"
UNWRAP = f"{_KEYS}unwrap/action"
DECRYPT = f"{_KEYS}decrypt/action"

# Access-policy word -> data action that gives the same under RBAC (RBACD built-in-roles/security.md)
DATA_ACTIONS = {
    "get": f"{_KEYS}read",
    "update": f"{_KEYS}update/action",
    "create": f"{_KEYS}create/action",
    "import": f"{_KEYS}import/action",
    "delete": f"{_KEYS}delete",
    "recover": f"{_KEYS}recover/action",
    "backup": f"{_KEYS}backup/action",
    "restore": f"{_KEYS}restore/action",
    "purge": f"{_KEYS}purge/action",
    "encrypt": f"{_KEYS}encrypt/action",
    "decrypt": DECRYPT,
    "wrapKey": f"{_KEYS}wrap/action",
    "unwrapKey": UNWRAP,
    "sign": f"{_KEYS}sign/action",
    "verify": f"{_KEYS}verify/action",
    "release": f"{_KEYS}release/action",
    "rotate": f"{_KEYS}rotate/action",
    "getrotationpolicy": "Microsoft.KeyVault/vaults/keyrotationpolicies/read",
    "setrotationpolicy": "Microsoft.KeyVault/vaults/keyrotationpolicies/write",
}
WORDS = {action.lower(): word for word, action in DATA_ACTIONS.items()}
"""The other way round, by the folded data action."""

GETS_AT_DATA = (UNWRAP, DECRYPT)
"""What opens a wrapped data key. Wrapping and encrypting need no more than the public key (RBACD
built-in-roles/security.md), so they do not count; with an RSA key either of these two gets at what was wrapped."""


def permits(role: RoleDefinition | Permissions, action: str, *, data: bool) -> bool:
    """Whether a role holds an action: one block lists it (``*`` stands for anything) and does not take it out again."""
    for one in role.blocks:
        held = (one.data_actions, one.not_data_actions) if data else (one.actions, one.not_actions)
        if _permits(*held, action):
            return True
    return False


def allowed_words(role: RoleDefinition) -> tuple[str, ...]:
    """What a role allows to do with keys, in access-policy words, sorted."""
    if not role.further:
        return _allowed_words(role.data_actions, role.not_data_actions)
    return tuple(
        sorted({word for one in role.blocks for word in _allowed_words(one.data_actions, one.not_data_actions)})
    )


def policy_words(policy: AccessPolicy) -> tuple[str, ...]:
    """What an access-policy entry allows to do with keys, in the same words, sorted."""
    held = {word.lower() for word in policy.keys}
    return tuple(sorted(word for word in DATA_ACTIONS if word.lower() in held or "all" in held))


@lru_cache(maxsize=4096)
def _pattern(wildcard: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in wildcard.split("*")), re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=16384)
def _permits(allowed: tuple[str, ...], taken: tuple[str, ...], action: str) -> bool:
    return any(_pattern(one).fullmatch(action) for one in allowed) and not any(
        _pattern(one).fullmatch(action) for one in taken
    )


@lru_cache(maxsize=4096)
def _allowed_words(allowed: tuple[str, ...], taken: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(word for word, action in DATA_ACTIONS.items() if _permits(allowed, taken, action)))
