"""Azure's documented budgets: the burst goes through, what is over it is told how long to wait."""

import base64
from typing import Any

import pytest

from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.throttle import Throttle
from cmk_admin.sandbox.wire import AzureError, Call

from . import estate
from .running import Running

VAULT = {"name": "small", "id": estate.VAULT}


class Time:
    """Seconds that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def throttle(time: Time) -> Throttle:
    return Throttle(time)


@pytest.fixture
def world() -> World:
    return World(Clock())


def refused(error: pytest.ExceptionInfo[AzureError]) -> int:
    assert error.value.status == 429
    return int(error.value.headers["Retry-After"])


@pytest.mark.parametrize(("method", "burst", "rate"), [("GET", 250, 25), ("PUT", 200, 10), ("DELETE", 200, 10)])
def test_arm_lets_the_documented_burst_through_and_refills(
    throttle: Throttle, time: Time, method: str, burst: int, rate: int
) -> None:
    for _ in range(burst):
        throttle.arm(method, estate.ONE, "somebody")
    with pytest.raises(AzureError) as error:
        throttle.arm(method, estate.ONE, "somebody")
    assert refused(error) == 1
    time.now += 1
    for _ in range(rate):
        throttle.arm(method, estate.ONE, "somebody")
    with pytest.raises(AzureError):
        throttle.arm(method, estate.ONE, "somebody")


def test_arm_counts_subscriptions_principals_and_kinds_apart(throttle: Throttle) -> None:
    for _ in range(200):
        throttle.arm("PUT", estate.ONE, "somebody")
    throttle.arm("PUT", estate.TWO, "somebody")
    throttle.arm("PUT", estate.ONE, "somebody else")
    throttle.arm("PUT", None, "somebody")
    assert throttle.arm("DELETE", estate.ONE, "somebody") == {"x-ms-ratelimit-remaining-subscription-deletes": "199"}


def call(world: World, method: str, path: str, body: bytes = b"") -> Call:
    return Call(world, method, "small.vault.azure.net", path, {}, {}, body)


def put_key(world: World, **jwk: Any) -> None:
    world.put("key", "small/k", {"versions": [{"key": jwk}]})


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        (b'{"kty":"RSA-HSM","key_size":2048}', 10),
        (b'{"kty":"RSA","key_size":4096}', 20),
        (b'{"kty":"EC-HSM","crv":"P-256"}', 10),
    ],
)
def test_a_vault_makes_so_many_keys_in_ten_seconds(
    throttle: Throttle, time: Time, world: World, body: bytes, limit: int
) -> None:
    for _ in range(limit):
        throttle.vault(call(world, "POST", "/keys/k/create", body), VAULT)
    with pytest.raises(AzureError) as error:
        throttle.vault(call(world, "POST", "/keys/k/create", body), VAULT)
    assert refused(error) == 10
    time.now += 10
    throttle.vault(call(world, "POST", "/keys/k/create", body), VAULT)


@pytest.mark.parametrize(
    ("kty", "size", "limit"),
    [("RSA-HSM", 2048, 2000), ("RSA-HSM", 3072, 500), ("RSA-HSM", 4096, 250), ("RSA", 4096, 500), ("EC-HSM", 0, 2000)],
)
def test_a_vault_s_window_depends_on_the_key(throttle: Throttle, world: World, kty: str, size: int, limit: int) -> None:
    put_key(world, kty=kty, n=base64.urlsafe_b64encode(bytes(size // 8)).decode().rstrip("="))
    for _ in range(limit):
        throttle.vault(call(world, "POST", "/keys/k/v/unwrapkey"), VAULT)
    with pytest.raises(AzureError):
        throttle.vault(call(world, "POST", "/keys/k/v/unwrapkey"), VAULT)


def test_kinds_of_calls_share_a_vault_s_window_as_fractions(throttle: Throttle, world: World) -> None:
    for _ in range(5):
        throttle.vault(call(world, "POST", "/keys/k/create", b'{"kty":"RSA-HSM"}'), VAULT)
    for _ in range(2000):
        throttle.vault(call(world, "GET", "/keys"), VAULT)
    with pytest.raises(AzureError):
        throttle.vault(call(world, "GET", "/keys"), VAULT)


def test_a_subscription_s_vaults_together_have_five_times_as_much(throttle: Throttle, world: World) -> None:
    for n in range(5):
        for _ in range(10):
            vault = {"name": f"v{n}", "id": estate.VAULT}
            throttle.vault(call(world, "POST", "/keys/k/create", b'{"kty":"RSA-HSM"}'), vault)
    with pytest.raises(AzureError):
        throttle.vault(call(world, "GET", "/keys"), {"name": "another", "id": estate.VAULT})


@pytest.mark.scenario("small")
def test_a_call_over_budget_is_refused_over_the_wire_in_real_seconds(sandbox: Running) -> None:
    scope = f"/subscriptions/{estate.TWO}/resourceGroups"
    answers = [sandbox.arm("DELETE", f"{scope}/none", as_="nobody") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {405}
    answers = []
    # The bucket fills by ten a second meanwhile, so how many it takes depends on how busy the machine is
    while not answers or (answers[-1].status_code == 403 and len(answers) < 2000):
        answers.append(sandbox.arm("PUT", f"{scope}/none", as_="nobody"))
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert len(answers) > 200
