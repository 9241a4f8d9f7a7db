"""Azure's documented budgets, so that the program stays below them instead of being throttled."""

import asyncio
from dataclasses import dataclass, field

from aiolimiter import AsyncLimiter

# Resource manager: per subscription and principal a bucket of 250 reads that refills by 25 each second
# (learn.microsoft.com azure-resource-manager/management/request-limits-and-throttling).
ARM_READS, ARM_REFILL = 250, 25
# Resource Graph: 15 queries in 5 seconds per user (AD governance/resource-graph/concepts/guidance-for-throttled-requests.md).
GRAPH_QUERIES, GRAPH_SECONDS = 15, 5
# A vault: 4000 calls in 10 seconds for anything that is not a key's use (KVD general/overview-throttling.md).
VAULT_CALLS, VAULT_SECONDS = 4000, 10

# Requests to the resource manager that are under way at once, besides urgent ones. It answers one connection each.
ARM_AT_ONCE = 24


@dataclass(slots=True)
class Budgets:
    """The buckets of one session. Urgent work does not ask them: a revoke never queues behind a refresh."""

    arm_gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ARM_AT_ONCE))
    resource_graph: AsyncLimiter = field(default_factory=lambda: AsyncLimiter(GRAPH_QUERIES, GRAPH_SECONDS))
    _arm: dict[str, AsyncLimiter] = field(default_factory=dict)
    _vaults: dict[str, AsyncLimiter] = field(default_factory=dict)

    def arm(self, subscription: str) -> AsyncLimiter:
        """The reads of one subscription; the empty name stands for the tenant."""
        found = self._arm.get(subscription)
        if found is None:
            found = self._arm[subscription] = AsyncLimiter(ARM_READS, ARM_READS / ARM_REFILL)
        return found

    def vault(self, host: str) -> AsyncLimiter:
        """The calls to one vault."""
        found = self._vaults.get(host)
        if found is None:
            found = self._vaults[host] = AsyncLimiter(VAULT_CALLS, VAULT_SECONDS)
        return found
