"""A service that was given another key a moment ago, and still names the one before until it has wrapped all anew."""

from collections.abc import Collection
from dataclasses import replace

from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer

SECONDS = 3600
"""Azure's seconds for which a rotation is waited for: within an hour a disk encryption set has updated all that hangs on it
(CD virtual-machines/disk-encryption.md)."""


def rotated(index: Index, changed: Collection[str]) -> Index:
    """The estate as it will be when these consumers (ARM ids) name their previous keys no more."""
    ids = {fold(one) for one in changed}
    return Index(replace(index.estate, consumers=tuple(_rotated(one, ids) for one in index.estate.consumers)))


def _rotated(consumer: Consumer, ids: Collection[str]) -> Consumer:
    if fold(consumer.id) not in ids:
        return consumer
    return replace(consumer, slots=tuple(slot for slot in consumer.slots if not slot.slot.startswith("previous")))
