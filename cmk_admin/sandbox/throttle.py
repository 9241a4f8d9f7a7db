"""The documented budgets of the resource manager and of Key Vault, kept in real seconds."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from .state import Document, World
from .wire import AzureError, Call

# Token buckets per subscription and principal: size, refill per second (learn, azure-resource-manager/management/
# request-limits-and-throttling). All principals of a subscription together have 15 times as much.
ARM_BUCKETS = {"reads": (250.0, 25.0), "writes": (200.0, 10.0), "deletes": (200.0, 10.0)}
ALL_PRINCIPALS = 15

# Per vault and 10 s (KVD general/overview-throttling.md, key-vault-service-limits): class -> (HSM create, HSM other,
# software create, software other). Classes share one window as a weighted sum: each call takes 1/limit of it.
VAULT_WINDOW = 10.0
VAULT_LIMITS = {
    "RSA-2048": (10, 2000, 20, 4000),
    "RSA-3072": (10, 500, 20, 1000),
    "RSA-4096": (10, 250, 20, 500),
    "EC": (10, 2000, 20, 4000),
}
VAULT_OTHER = 4000
# All vaults of a subscription (in a region, of which the sandbox has one) together have 5 times as much.
ALL_VAULTS = 5

_CRYPTO = frozenset({"encrypt", "decrypt", "sign", "verify", "wrapkey", "unwrapkey"})
_CREATING = frozenset({"create", "rotate"})


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float

    def refilled(self, now: float, size: float, rate: float) -> float:
        self.level = min(size, self.level + (now - self.at) * rate)
        self.at = now
        return self.level


@dataclass(slots=True)
class _Window:
    since: float
    used: float = 0.0


class Throttle:
    """Counts calls and refuses those over budget; a refused call costs nothing."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: dict[tuple[str, ...], _Bucket] = {}
        self._windows: dict[str, _Window] = {}

    def clear(self) -> None:
        """Fill every budget up."""
        self._buckets.clear()
        self._windows.clear()

    def arm(self, method: str, subscription: str | None, object_id: str) -> dict[str, str]:
        """Take one call from the caller's budget; the header that tells what is left. Raises AzureError 429.

        subscription is None for calls of the tenant's level, which have a budget of the same size.
        """
        what = "reads" if method in ("GET", "HEAD") else "deletes" if method == "DELETE" else "writes"
        size, rate = ARM_BUCKETS[what]
        where, now = (subscription or "tenant").lower(), self._now()
        own = self._bucket(now, size, where, what, object_id)
        everyone = self._bucket(now, size * ALL_PRINCIPALS, where, what)
        left = own.refilled(now, size, rate)
        left_to_all = everyone.refilled(now, size * ALL_PRINCIPALS, rate * ALL_PRINCIPALS)
        if left < 1 or left_to_all < 1:
            wait = max(1, math.ceil(max((1 - left) / rate, (1 - left_to_all) / (rate * ALL_PRINCIPALS))))
            scope = "subscription" if subscription else "tenant"
            raise AzureError(
                429,
                "TooManyRequests" if subscription is None else "SubscriptionRequestsThrottled",
                f"Number of {what[:-1]} requests for {scope} '{subscription or object_id}' exceeded the limit. "
                f"Please try again after '{wait}' seconds after additional tokens are available.",
                headers={"Retry-After": str(wait)},
            )
        own.level -= 1
        everyone.level -= 1
        level = "subscription" if subscription else "tenant"
        return {f"x-ms-ratelimit-remaining-{level}-{what}": str(int(own.level))}

    def vault(self, call: Call, vault: Document) -> None:
        """Take one call from a vault's window and its subscription's. Raises AzureError 429."""
        name, subscription = vault["name"].lower(), vault["id"].split("/")[2].lower()
        cost = _vault_cost(call, name)
        now = self._now()
        windows = (
            (self._window(now, f"vault/{name}"), 1.0),
            (self._window(now, f"subscription/{subscription}"), float(ALL_VAULTS)),
        )
        for window, size in windows:
            # A little over, so that a sum of as many equal parts as fit is not refused for its rounding.
            if window.used + cost > size + 1e-9:
                wait = max(1, math.ceil(window.since + VAULT_WINDOW - now))
                raise AzureError(
                    429,
                    "Throttled",
                    "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached",
                    headers={"Retry-After": str(wait)},
                )
        for window, _ in windows:
            window.used += cost

    def _bucket(self, now: float, size: float, *key: str) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(size, now)
        return bucket

    def _window(self, now: float, key: str) -> _Window:
        window = self._windows.get(key)
        if window is None or now >= window.since + VAULT_WINDOW:
            window = self._windows[key] = _Window(now)
        return window


def _vault_cost(call: Call, vault: str) -> float:
    parts = call.path.strip("/").lower().split("/")
    last = parts[-1]
    creates = len(parts) == 3 and last in _CREATING
    if call.method != "POST" or parts[0] != "keys" or len(parts) < 3 or not (creates or last in _CRYPTO):
        return 1 / VAULT_OTHER
    if last == "create":
        wanted = call.json()
        kty, size = str(wanted.get("kty", "")).upper(), wanted.get("key_size") or 2048
    else:
        kty, size = _kind_of(call.world, vault, parts[1])
    limits = VAULT_LIMITS[
        "EC" if kty.startswith("EC") else f"RSA-{size}" if f"RSA-{size}" in VAULT_LIMITS else "RSA-2048"
    ]
    column = (0 if creates else 1) + (0 if kty.endswith("-HSM") else 2)
    return 1 / limits[column]


def _kind_of(world: World, vault: str, name: str) -> tuple[str, int]:
    key = world.get("key", f"{vault}/{name}")
    jwk = key["versions"][-1]["key"] if key and key["versions"] else {}
    # The modulus is base64url: four characters for three bytes.
    return str(jwk.get("kty", "")).upper(), len(jwk.get("n", "")) * 3 // 4 * 8
