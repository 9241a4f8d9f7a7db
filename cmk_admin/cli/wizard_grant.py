"""``grant`` on the command line."""

import argparse

from cmk_admin.cli.wizard import SHORT, Typed, Wizard, new_identity, one_identity, purpose
from cmk_admin.domain import resolve
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.index import Index
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.operations.interface import Backend


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="VAULT/KEY", help="the key, by VAULT/KEY or by its id")
    parser.add_argument(
        "--identity", metavar="NAME|ID", help="who shall use it: a managed identity or service principal"
    )
    parser.add_argument(
        "--create-identity",
        metavar="GROUP/NAME",
        help="make a managed identity in this resource group of the vault's subscription, and grant it",
    )
    parser.add_argument("--role", metavar="NAME", help="default: the least role that suffices")
    parser.add_argument("--for", dest="purpose", metavar="SERVICE", help=f"what it is for: {', '.join(SHORT)}")


def _check(typed: Typed) -> None:
    one_identity(typed)
    purpose(typed)
    if "identity" not in typed and "create_identity" not in typed:
        raise BadInput("bad-usage", "Name --identity, or --create-identity.", subject="--identity")


async def _draft(typed: Typed, index: Index, backend: Backend) -> Draft:
    key = resolve.key(index, typed["target"], vault_suffixes=backend.info.vault_suffixes)
    vault = index.vault_of(key)
    return GrantDraft(
        key=key,
        identity=resolve.principal(index, typed["identity"]) if "identity" in typed else "",
        create_identity=new_identity(typed, vault.subscription_id, vault.location) if vault else None,
        role=typed.get("role"),
        purpose=purpose(typed),
    )


WIZARD = Wizard(
    options=("target", "identity", "create_identity", "role", "purpose"),
    add=_add,
    check=_check,
    draft=_draft,
)
