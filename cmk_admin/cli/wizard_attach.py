"""``attach`` on the command line."""

import argparse
import asyncio
from dataclasses import replace

from cmk_admin.cli.wizard import Typed, Wizard, group_and_name, new_identity, one_identity
from cmk_admin.domain import resolve
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import KeyId, fold, last, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.services import SERVICES
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs.attach import HOWS, AttachDraft
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.new_resource import NewDiskSet
from cmk_admin.operations.interface import Backend

_USES = {"disks": "aks-disks", "etcd": "aks-etcd"}
"""What a cluster can use a key for."""
_ONLY = {
    "disk_set": "disks",
    "create_disk_set": "disks",
    "storage_class": "disks",
    "apply": "disks",
    "engine": "etcd",
    "network": "etcd",
    "rewrite_secrets": "etcd",
}


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="VAULT/KEY", help="the key, by VAULT/KEY or by its id")
    parser.add_argument("--consumer", metavar="NAME|ID", required=True, help="what it shall encrypt")
    parser.add_argument("--use", choices=tuple(_USES), help="of a cluster: its disks, or its secrets in etcd")
    parser.add_argument("--identity", metavar="NAME|ID", help="the user-assigned identity that uses the key")
    parser.add_argument("--create-identity", metavar="GROUP/NAME", help="make that identity")
    parser.add_argument("--geo-key", metavar="VAULT/KEY", help="MySQL with geo-redundant backup: the second key")
    parser.add_argument("--geo-identity", metavar="NAME|ID", help="and the identity that uses it")
    parser.add_argument("--disk-set", metavar="NAME|ID", help="disks: the disk encryption set")
    parser.add_argument("--create-disk-set", metavar="GROUP/NAME", help="disks: make that set")
    parser.add_argument("--storage-class", metavar="NAME", help="disks: a StorageClass for new volumes on the set")
    parser.add_argument("--apply", action="store_true", help="disks: apply it through the cluster's run command")
    parser.add_argument(
        "--engine", choices=("legacy", "new"), help="etcd: which of the two (the new one stays for good)"
    )
    parser.add_argument("--network", choices=("Public", "Private"), help="etcd: how the vault is reached")
    parser.add_argument("--rewrite-secrets", action="store_true", help="etcd: encrypt the secrets that are there too")


def _check(typed: Typed) -> None:
    one_identity(typed)
    group_and_name(typed, "create_disk_set")
    if "disk_set" in typed and "create_disk_set" in typed:
        raise BadInput("bad-usage", "Name --disk-set or --create-disk-set, not both.", subject="--create-disk-set")
    for name, use in _ONLY.items():
        if name in typed and typed.get("use") != use:
            flag = "--" + name.replace("_", "-")
            raise BadInput("bad-usage", f"{flag} goes with --use {use} only.", subject=flag)


async def _draft(typed: Typed, index: Index, backend: Backend) -> Draft:
    suffixes = backend.info.vault_suffixes
    target = await _target(typed, backend)
    geo, geo_identity = typed.get("geo_key"), typed.get("geo_identity")
    draft = AttachDraft(
        key=_current(index, typed["target"], suffixes),
        consumer=target.id,
        service=target.service,
        identity=resolve.identity_resource(index, typed["identity"]) if "identity" in typed else None,
        create_identity=new_identity(typed, target.subscription_id, target.location),
        geo_key=_current(index, geo, suffixes) if geo else None,
        geo_identity=resolve.identity_resource(index, geo_identity) if geo_identity else None,
        engine=typed.get("engine"),
        network=typed.get("network", "Public"),
        rewrite_secrets=typed.get("rewrite_secrets", False),
        storage_class=typed.get("storage_class"),
        apply_storage_class=typed.get("apply", False),
    )
    if "disk_set" in typed:
        sets = await backend.targets("disk-encryption-set")
        return replace(draft, disk_set=resolve.target(sets, typed["disk_set"]).id)
    named = group_and_name(typed, "create_disk_set")
    if named is not None:
        made = NewDiskSet(
            subscription_id=target.subscription_id, group=named[0], name=named[1], location=target.location
        )
        return replace(draft, new_disk_set=made)
    return draft


def _current(index: Index, text: str, suffixes: tuple[str, ...]) -> KeyId:
    """The key that is named; where one version of it is, it has to be the current one, which is what is attached.

    Raises BadInput.
    """
    found = resolve.key(index, text, vault_suffixes=suffixes)
    version = parse_key_id(text).version if "://" in text else None
    known = index.key(found)
    if version is not None and known is not None and version != known.current_version:
        raise BadInput(
            "not-current",
            f"“{text}” is not the current version of {found.name}, which is the one that is attached.",
            subject=text,
            next="Leave the version out.",
        )
    return found


async def _target(typed: Typed, backend: Backend) -> Target:
    """The resource, and as which service it takes the key. Raises BadInput, AzureFailure."""
    wanted, use = typed["consumer"], typed.get("use")
    services = [_USES[use]] if use else [name for name in HOWS if name not in _USES.values()]
    lists = await asyncio.gather(*(backend.targets(name) for name in _fitting(services, wanted)))
    try:
        return resolve.target([one for found in lists for one in found], wanted)
    except BadInput as error:
        if use is None and error.code == "unknown-consumer" and await _is_cluster(wanted, backend):
            raise BadInput(
                "no-use",
                f"{last(wanted)} is a cluster: say what the key is for.",
                subject=wanted,
                next="Add --use disks or --use etcd.",
            ) from error
        raise


def _fitting(services: list[str], wanted: str) -> list[str]:
    """Those that an ARM id can mean; all of them for a name."""
    folded = fold(wanted)
    return [one for one in services if "/" not in folded or f"/{SERVICES[one].resource_type}/" in folded] or services


async def _is_cluster(wanted: str, backend: Backend) -> bool:
    clusters = await backend.targets(_USES["disks"])
    return any(fold(wanted) in (one.name.lower(), fold(one.id)) for one in clusters)


WIZARD = Wizard(
    options=(
        "target",
        "consumer",
        "use",
        "identity",
        "create_identity",
        "geo_key",
        "geo_identity",
        *_ONLY,
    ),
    add=_add,
    check=_check,
    draft=_draft,
)
