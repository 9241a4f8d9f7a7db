"""Resources that a plan makes before it needs them."""

import re
from dataclasses import dataclass
from typing import ClassVar

_GROUP_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")
"""Names of resource groups (Azure's resource name rules: 1 to 90 letters, digits, _ ( ) - and dots, no dot at the end)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResource:
    """What it takes to make one, and the ARM id that it will have."""

    subscription_id: str
    group: str
    name: str
    location: str

    resource_type: ClassVar[str] = ""

    @property
    def group_id(self) -> str:
        """The ARM id of its resource group."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"

    @property
    def id(self) -> str:
        """Its ARM id."""
        return f"{self.group_id}/providers/{self.resource_type}/{self.name}"

    @property
    def has_group(self) -> bool:
        """Whether the group's name can be one: what is not must not get into an address."""
        return _GROUP_NAME.fullmatch(self.group) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentity(NewResource):
    """A user-assigned identity."""

    resource_type: ClassVar[str] = "Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDiskSet(NewResource):
    """A disk encryption set."""

    resource_type: ClassVar[str] = "Microsoft.Compute/diskEncryptionSets"
