"""Who could open again what was closed: by giving the key again, or by taking back what a method did."""

from cmk_admin.domain.access import AccessPath, Level, control_paths, no_vault, policy_paths
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.permissions import DATA_ACTIONS

GRANT_ROLES = "Microsoft.Authorization/roleAssignments/write"
WRITE_ROLES = "Microsoft.Authorization/roleDefinitions/write"
WRITE_VAULT = "Microsoft.KeyVault/vaults/write"
WRITE_POLICIES = (WRITE_VAULT, "Microsoft.KeyVault/vaults/accessPolicies/write")

_OVER_ROLES = (GRANT_ROLES, WRITE_ROLES)
_DATA = frozenset(DATA_ACTIONS.values())


def regrants(index: Index, key: KeyId, also: tuple[str, ...] = ()) -> tuple[AccessPath, ...]:
    """Who could open the key again: may assign roles over it, change a custom role or, on an access-policy vault, write
    its policies.

    `also`: further actions that open it again, on the key (`DATA_ACTIONS`) or `WRITE_VAULT`. Who may change custom roles
    by a custom role can change that very role; Azure's own roles that allow it allow to assign roles too.

    Who is only eligible for such a role is among them (`PathKind.ELIGIBLE`), and who may assign under a condition, such as
    a Key Vault Data Access Administrator: the condition is not evaluated.

    Sources: KVD general/rbac-guide.md; RBACD custom-roles.md and built-in-roles/security.md.
    """
    vault = index.vault_of(key)
    if vault is None:
        return (no_vault(key, ""),)
    data = tuple(one for one in also if one in _DATA)
    control = tuple(dict.fromkeys((*_OVER_ROLES, *(one for one in also if one not in _DATA))))
    if vault.rbac:
        found = control_paths(index, key_scope(vault.id, key.name), control, data)
        # what writes the vault is of no use at one of its keys
        return tuple(path for path in found if path.level is not Level.KEY or path.allows != (WRITE_VAULT,))
    control = tuple(dict.fromkeys((*WRITE_POLICIES, *control)))
    by_policy = policy_paths(index, vault, data) if data else ()
    return (*control_paths(index, vault.id, control, ()), *by_policy)
