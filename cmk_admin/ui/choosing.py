"""From rows and targets to what is selected, and back."""

from collections.abc import Iterable

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import KeyId, fold, parse_key_id, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.tree import Kind, Node
from cmk_admin.ui.selection import NOTHING, Selection

Path = tuple[str, ...]


def selection_of(node: Node, above: Iterable[Node], index: Index) -> Selection:
    """What a row of the tree stands for, with the key that it stands under."""
    if node.kind is Kind.VAULT:
        return Selection(kind="vault", node=node.id, name=node.text, vault_id=node.ref)
    if node.kind in (Kind.KEY, Kind.VERSION):
        key = key_of(node.ref)
        if key is None:
            return NOTHING
        return Selection(
            kind=node.kind.value,
            node=node.id,
            name=key.name,
            key=key.key,
            version=key.version,
            vault_id=_vault_id(index, key),
        )
    if node.kind is Kind.CONSUMER:
        key = next((key_of(one.ref) for one in above if one.kind is Kind.KEY), None)
        return consumer_selection(index, node.ref, key, node.id)
    if node.kind is Kind.IDENTITY:
        return Selection(kind="identity", node=node.id, name=node.text, principal_id=node.ref) if node.ref else NOTHING
    if node.kind is Kind.SERVICE:
        return Selection(kind="service", node=node.id, name=node.text, service=node.ref)
    if node.kind is Kind.SUBSCRIPTION:
        return Selection(
            kind="subscription", node=node.id, name=node.text, subscription_id=subscription_of(node.ref) or node.ref
        )
    return NOTHING


def selection_of_target(target: str, index: Index) -> Selection:
    """What a key id, a resource id or an object id stands for; nothing where it is not in the estate."""
    key = key_of(target)
    if key is not None:
        return Selection(kind="key", name=key.name, key=key.key, vault_id=_vault_id(index, key))
    if index.consumer(target) is not None:
        return consumer_selection(index, target, None, None)
    vault = index.vault(target)
    if vault is not None:
        return Selection(kind="vault", name=vault.name, vault_id=vault.id)
    name = index.name_of(target)
    if name is not None or index.uses_of_principal(target):
        return Selection(kind="identity", name=name or target, principal_id=target)
    return NOTHING


def consumer_selection(index: Index, consumer_id: str, key: KeyId | None, node: str | None) -> Selection:
    """A consumer; where it does not stand under a key, on the key of its first slot."""
    consumer = index.consumer_with(consumer_id, key=key)
    if key is None and consumer is not None:
        slots = index.slots_of(consumer)
        key = slots[0].key_id.key if slots else None
    return Selection(
        kind="consumer",
        node=node,
        name=consumer.name if consumer else consumer_id,
        consumer_id=consumer_id,
        service=consumer.service if consumer else None,
        key=key.key if key else None,
        vault_id=_vault_id(index, key) if key else None,
    )


def path_to(roots: Iterable[Node], target: str, key: KeyId | None = None) -> Path:
    """Node ids from the top down to the first row that stands for `target`; () where none does.

    With `key`, a row under that key is taken before others.
    """
    wanted = fold(target)
    found = _walk(roots, wanted, (), str(key.key).lower() if key else None, inside=key is None)
    return found or (_walk(roots, wanted, (), None, inside=True) if key else ()) or ()


def _walk(nodes: Iterable[Node], wanted: str, above: Path, key: str | None, *, inside: bool) -> Path | None:
    for node in nodes:
        here = inside or node.ref.lower() == key
        if here and node.ref and fold(node.ref) == wanted:
            return (*above, node.id)
        if node.children:
            found = _walk(node.children, wanted, (*above, node.id), key, inside=here)
            if found:
                return found
    return None


def key_of(ref: str) -> KeyId | None:
    """The key id in a reference, or None where it is something else."""
    if "/keys/" not in ref or not ref.startswith("https://"):
        return None
    try:
        return parse_key_id(ref)
    except BadInput:
        return None


def _vault_id(index: Index, key: KeyId) -> str:
    vault = index.vault_of(key)
    return vault.id if vault else f"https://{key.host}"
