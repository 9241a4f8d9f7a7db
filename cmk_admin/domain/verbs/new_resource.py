"""Resources that a plan makes before it needs them."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResource:
    """What it takes to make one, and the ARM id that it will have."""

    subscription_id: str
    group: str
    name: str
    location: str

    resource_type: ClassVar[str] = ""

    @property
    def id(self) -> str:
        """Its ARM id."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"
        return f"{group}/providers/{self.resource_type}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentity(NewResource):
    """A user-assigned identity."""

    resource_type: ClassVar[str] = "Microsoft.ManagedIdentity/userAssignedIdentities"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDiskSet(NewResource):
    """A disk encryption set."""

    resource_type: ClassVar[str] = "Microsoft.Compute/diskEncryptionSets"
