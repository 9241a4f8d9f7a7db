"""Changing access policies: what add, replace and remove leave, for any entries."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.sandbox.services.keyvault import policies
from cmk_admin.sandbox.wire import AzureError

A, B = "aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"
KEYS = ["get", "list", "wrapKey", "unwrapKey"]


def entry(principal: str, *keys: str, **more: Any) -> dict[str, Any]:
    return {"tenantId": A, "objectId": principal, "permissions": {"keys": list(keys)}, **more}


def keys_of(entries: list[policies.Policy]) -> dict[str, list[str]]:
    return {one["objectId"] + one.get("applicationId", ""): one["permissions"].get("keys", []) for one in entries}


entries = st.lists(
    st.builds(
        lambda who, keys: entry(who, *keys), st.sampled_from([A, B]), st.lists(st.sampled_from(KEYS), unique=True)
    ),
    max_size=2,
    unique_by=lambda one: one["objectId"],
)


@given(before=entries, given_=entries)
def test_an_addition_never_takes_and_a_removal_never_gives(before: list[Any], given_: list[Any]) -> None:
    held = {who: set(keys) for who, keys in keys_of(before).items()}
    named = {who: set(keys) for who, keys in keys_of(given_).items()}
    added = {who: set(keys) for who, keys in keys_of(policies.changed(before, "add", given_)).items()}
    assert added == {who: held.get(who, set()) | named.get(who, set()) for who in {*held, *named}}
    removed = {who: set(keys) for who, keys in keys_of(policies.changed(before, "remove", given_)).items()}
    for who, keys in held.items():
        left = keys - named.get(who, set())
        if who not in named:
            assert removed[who] == keys
        else:
            assert removed.get(who, set()) == (left if named[who] else set())
    assert set(removed) <= set(held)


def test_a_replacement_is_of_that_principals_entry_only() -> None:
    after = policies.changed([entry(A, "get", "list"), entry(B, "get")], "replace", [entry(A, "unwrapKey")])
    assert keys_of(after) == {A: ["unwrapKey"], B: ["get"]}


def test_an_entry_by_way_of_an_application_is_another_entry() -> None:
    after = policies.changed([entry(A, "get"), entry(A, "list", applicationId=B)], "remove", [entry(A, "get")])
    assert keys_of(after) == {A + B: ["list"]}


def test_permissions_are_kept_as_the_service_spells_them() -> None:
    assert keys_of(policies.checked([entry(A, "WRAPKEY", "GetRotationPolicy")])) == {
        A: ["wrapKey", "getrotationpolicy"]
    }


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "x",
        [entry("me", "get")],
        [entry(A, "fly")],
        [{"objectId": A}],
        [None],
        [entry(A, "get")] * (policies.MOST + 1),
    ],
)
def test_entries_that_make_no_sense_are_refused(wanted: Any) -> None:
    with pytest.raises(AzureError) as caught:
        policies.checked(wanted)
    assert caught.value.status == 400
