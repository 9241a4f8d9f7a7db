"""What a key looks like on the wire, and which names, dates, tags and operations are valid."""

import re
from ipaddress import IPv4Network
from typing import Any

from cmk_admin.sandbox.state import Document

from . import errors

KEY_OPERATIONS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "import", "export")
KEY_TYPES = ("RSA", "RSA-HSM", "EC", "EC-HSM")
# KVD general/service-limits.md: names of 1 to 127 characters, versions of 32 hexadecimal digits, 15 tags of 256 characters
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_VERSION = re.compile(r"[0-9a-fA-F]{32}")
_TAGS, _TAG_LENGTH = 15, 256
_LATEST = 253402300799  # the last second of the year 9999
_DEFAULT_OPERATIONS = {
    "RSA": ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
    "EC": ["sign", "verify"],
}


def host_of(vault: Document) -> str:
    """The vault's host name, in lower case."""
    return f"{vault['name'].lower()}.vault.azure.net"


def kid(vault: Document, name: str, version: str) -> str:
    """The id of one version of a key."""
    return f"https://{host_of(vault)}/keys/{name}/{version}"


def recovery_level(vault: Document) -> str:
    """What can still be done about a deleted key of this vault."""
    properties = vault["properties"]
    if not properties.get("enableSoftDelete", True):
        return "Purgeable"
    level = "Recoverable" if retention_days(vault) == 90 else "CustomizedRecoverable"
    return level if properties.get("enablePurgeProtection") else f"{level}+Purgeable"


def retention_days(vault: Document) -> int:
    """For how many days deleted things are kept."""
    return int(vault["properties"].get("softDeleteRetentionInDays") or 90)


def wire_attributes(vault: Document, version: Document) -> dict[str, Any]:
    """A version's attributes as the data plane gives them."""
    shown = {name: value for name, value in version["attributes"].items() if value is not None}
    shown["recoveryLevel"] = recovery_level(vault)
    if vault["properties"].get("enableSoftDelete", True):
        shown["recoverableDays"] = retention_days(vault)
    shown["hsmPlatform"] = "2" if version["key"]["kty"].endswith("-HSM") else "0"
    return shown


def bundle(vault: Document, key: Document, version: Document) -> dict[str, Any]:
    """One version with its public half."""
    body: dict[str, Any] = {
        "key": {"kid": kid(vault, key["name"], version["version"]), **version["key"]},
        "attributes": wire_attributes(vault, version),
    }
    if version.get("tags"):
        body["tags"] = version["tags"]
    if key.get("managed"):
        body["managed"] = True
    return body


def item(vault: Document, key: Document, version: Document, *, versioned: bool) -> dict[str, Any]:
    """One entry of a list: no key material, and no version where the list is of keys."""
    full = kid(vault, key["name"], version["version"])
    body: dict[str, Any] = {
        "kid": full if versioned else full.rsplit("/", 1)[0],
        "attributes": wire_attributes(vault, version),
    }
    if version.get("tags"):
        body["tags"] = version["tags"]
    if key.get("managed"):
        body["managed"] = True
    return body


def deleted_facts(vault: Document, key: Document) -> dict[str, Any]:
    """What a deleted key's answer holds besides the key."""
    return {
        "recoveryId": f"https://{host_of(vault)}/deletedkeys/{key['name']}",
        "deletedDate": key["deleted"]["deletedDate"],
        "scheduledPurgeDate": key["deleted"]["scheduledPurgeDate"],
    }


def is_address_range(text: Any) -> bool:
    """Whether a text is an IPv4 address or a range of them, as network rules take it."""
    try:
        return isinstance(text, str) and IPv4Network(text, strict=False) is not None
    except ValueError:
        return False


def check_name(name: str) -> None:
    """Raise AzureError 400 where a name is none."""
    if not _NAME.fullmatch(name):
        raise errors.bad_parameter(f"The request URI contains an invalid name: {name}", inner=None)


def check_version(version: str) -> None:
    """Raise AzureError 400 where a version is none."""
    if not _VERSION.fullmatch(version):
        raise errors.bad_parameter(f"Invalid Object Identifier version: {version}")


def key_operations(kty: str, wanted: Any) -> list[str]:
    """The operations of a new key; all that its type can do where none are wanted. Raises AzureError 400."""
    defaults = _DEFAULT_OPERATIONS[kty.removesuffix("-HSM")]
    if wanted is None:
        return list(defaults)
    if not isinstance(wanted, list) or any(one not in KEY_OPERATIONS for one in wanted):
        raise errors.bad_parameter(f"Invalid key_ops: {wanted}", inner="KeyOperationsInvalid")
    if wanted != ["import"] and any(one not in (*defaults, "export") for one in wanted):
        raise errors.bad_parameter(f"Key operations {wanted} are not supported by key type {kty}")
    return list(dict.fromkeys(wanted))


def tags(wanted: Any) -> dict[str, str]:
    """Tags as sent, or none. Raises AzureError 400."""
    if wanted is None:
        return {}
    if not isinstance(wanted, dict) or any(not isinstance(part, str) for pair in wanted.items() for part in pair):
        raise errors.bad_parameter("Property tags has invalid value")
    if len(wanted) > _TAGS:
        raise errors.bad_parameter(f"The number of tags exceeds the maximum of {_TAGS}")
    if any(len(part) > _TAG_LENGTH for pair in wanted.items() for part in pair):
        raise errors.bad_parameter(f"A tag's name or value exceeds the maximum length of {_TAG_LENGTH}")
    return dict(wanted)


def changed_attributes(before: dict[str, Any], wanted: Any) -> dict[str, Any]:
    """Attributes with what a request says laid over them. Raises AzureError 400."""
    if wanted is None:
        return dict(before)
    if not isinstance(wanted, dict):
        raise errors.bad_parameter("Property attributes has invalid value")
    after = dict(before)
    for name in ("nbf", "exp"):
        if name in wanted:
            value = wanted[name]
            if value is not None and (type(value) is not int or not 0 <= value <= _LATEST):
                raise errors.bad_parameter(f"Property attributes.{name} has invalid value")
            if value is not None:
                after[name] = value
    if wanted.get("enabled") is not None:
        if not isinstance(wanted["enabled"], bool):
            raise errors.bad_parameter("Property attributes.enabled has invalid value")
        after["enabled"] = wanted["enabled"]
    if after.get("nbf") is not None and after.get("exp") is not None and after["exp"] <= after["nbf"]:
        raise errors.bad_parameter("Property attributes.exp must be later than attributes.nbf")
    return after
