"""Which icon and colour stand for a row."""

from cmk_admin.domain.tree import Kind, Mark, Node
from cmk_admin.ui.theme.colors import Tone

_KINDS = {
    Kind.SUBSCRIPTION: "subscription",
    Kind.VAULT: "vault",
    Kind.KEY: "key",
    Kind.VERSION: "version",
    Kind.IDENTITY: "identity",
    Kind.SERVICE: "service",
    Kind.NOTE: "info",
}
_SERVICES = {
    "mysql-flexible": "database",
    "mysql-single": "database",
    "disk-encryption-set": "disks",
    "aks-disks": "cluster",
    "aks-etcd": "cluster",
}
_STATES = {
    "forbidden": "forbidden",
    "unreachable": "unreachable",
    "throttled": "clock",
    "failed": "broken",
    "not-visible": "unknown",
}
_MARKS: dict[Mark, tuple[str, Tone]] = {
    Mark.CARE: ("warning", "caution"),
    Mark.BROKEN: ("broken", "danger"),
    Mark.UNKNOWN: ("unknown", "unknown"),
}


def service_icon(service: str) -> str:
    """The icon of a kind of consumer; one that is not known has the general one."""
    return _SERVICES.get(service, "service")


def icon(node: Node) -> tuple[str, Tone]:
    """Name and tone of the icon before a row's text."""
    if node.kind is Kind.KEY:
        return ("key-off", "secondary") if node.state == "disabled" else ("key", "text")
    if node.kind is Kind.CONSUMER:
        # "MySQL flexible server" says it in words; the icon only helps the eye
        return _consumer_icon(node.secondary), "text"
    if node.kind is Kind.SERVICE:
        return service_icon(node.ref), "text"
    if node.kind is Kind.NOTE:
        return ("unknown", "unknown") if node.mark is Mark.UNKNOWN else ("info", "secondary")
    if node.kind is Kind.VAULT and node.state in _STATES:
        return _STATES[node.state], "unknown"
    return _KINDS[node.kind], "secondary" if node.kind is Kind.VERSION else "text"


def mark(node: Node) -> tuple[str, Tone] | None:
    """Icon and tone of the mark at the right, if it has one."""
    return _MARKS.get(node.mark)


def _consumer_icon(title: str) -> str:
    lower = title.lower()
    if "sql" in lower:
        return "database"
    if "disk encryption" in lower:
        return "disks"
    return "cluster" if "aks" in lower or "cluster" in lower or "kubernetes" in lower else "service"
