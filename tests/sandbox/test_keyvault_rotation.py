"""Rotation policies and rotating on demand."""

from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys import KeyClient, KeyRotationLifetimeAction, KeyRotationPolicy

from .running import Running

pytestmark = pytest.mark.scenario("small")


@pytest.fixture
def keys(sandbox: Running) -> KeyClient:
    client = KeyClient("https://small.vault.azure.net", sandbox.credential(), **sandbox.options)
    client.create_rsa_key("k", size=3072, key_operations=["wrapKey", "unwrapKey"], tags={"a": "b"})
    return client


def test_a_key_without_a_policy_has_a_notice_before_expiry(keys: KeyClient) -> None:
    policy = keys.get_key_rotation_policy("k")
    assert policy.expires_in is None
    assert [(one.action, one.time_before_expiry) for one in policy.lifetime_actions] == [("Notify", "P30D")]


def test_a_rotated_key_is_like_the_old_one_and_expires_as_the_policy_says(keys: KeyClient) -> None:
    old = keys.get_key("k")
    rotate = KeyRotationLifetimeAction("Rotate", time_after_create="P18M")
    kept = keys.update_key_rotation_policy("k", KeyRotationPolicy(), lifetime_actions=[rotate], expires_in="P2Y")
    assert (kept.expires_in, kept.lifetime_actions[0].time_after_create) == ("P2Y", "P18M")
    new = keys.rotate_key("k")
    assert new.id != old.id
    assert (new.key_type, new.key_operations, new.properties.tags) == ("RSA", ["wrapKey", "unwrapKey"], {"a": "b"})
    assert len(new.key.n) == 384  # type: ignore[attr-defined]
    assert new.key.n != old.key.n  # type: ignore[attr-defined]
    assert new.properties.expires_on is not None
    assert new.properties.expires_on.year == datetime.now(UTC).year + 2
    assert keys.get_key("k").id == new.id


@pytest.mark.parametrize(
    ("expiry", "action"),
    [
        ("P27D", None),
        ("two years", None),
        ("P9999Y", None),
        (None, KeyRotationLifetimeAction("Rotate", time_before_expiry="P30D")),
        ("P60D", KeyRotationLifetimeAction("Rotate", time_before_expiry="P6D")),
        ("P60D", KeyRotationLifetimeAction("Rotate", time_after_create="P6D")),
        ("P60D", KeyRotationLifetimeAction("Rotate", time_after_create="P55D")),
        ("P60D", KeyRotationLifetimeAction("Notify", time_after_create="P30D")),
    ],
)
def test_a_policy_outside_the_documented_bounds_is_refused(
    keys: KeyClient, expiry: str | None, action: KeyRotationLifetimeAction | None
) -> None:
    with pytest.raises(HttpResponseError) as caught:
        keys.update_key_rotation_policy(
            "k", KeyRotationPolicy(), lifetime_actions=[action] if action else [], expires_in=expiry
        )
    assert caught.value.status_code == 400
