"""The services that can use a key: one list. Key holders stand before the services that hang on them."""

from cmk_admin.cloud.consumers import aks_disks, aks_etcd, disk_encryption_set, mysql_flexible, mysql_single
from cmk_admin.cloud.consumers.related import ConsumerKind

CONSUMERS: dict[str, ConsumerKind] = {
    kind.service: kind
    for kind in (mysql_flexible.KIND, mysql_single.KIND, disk_encryption_set.KIND, aks_disks.KIND, aks_etcd.KIND)
}
"""By the name that the estate, the mapping and `domain.services` use."""
