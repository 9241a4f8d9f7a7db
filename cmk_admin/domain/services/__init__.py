"""The services that can use a key, and the one list of them."""

from cmk_admin.domain.services import aks_disks, aks_etcd, disk_encryption_set, mysql_flexible, mysql_single
from cmk_admin.domain.services.facts import DATA_ACTIONS, POLICY_PERMISSIONS, Heal, Service

SERVICES: dict[str, Service] = {
    one.SERVICE.name: one.SERVICE for one in (mysql_flexible, mysql_single, disk_encryption_set, aks_disks, aks_etcd)
}


def service(name: str) -> Service:
    """The facts of a service; one that is not known here has an effect that is not known, and says so."""
    return SERVICES.get(name) or Service(
        name=name,
        title=name,
        resource_type="",
        data_actions=DATA_ACTIONS,
        policy_permissions=POLICY_PERMISSIONS,
        role="",
        lost_seconds=None,
        back_seconds=None,
        stops="Effect unknown",
        lost="Not known",
        comes_back="Not known",
        heal=Heal.AUTOMATIC,
        source="",
    )
