"""Ids: every spelling that Azure hands out means the same key, and nothing else does."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain import ids
from cmk_admin.domain.errors import BadInput

VAULTS = st.from_regex(r"[a-z][a-z0-9-]{2,20}[a-z0-9]", fullmatch=True)
NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=127)
VERSIONS = st.text("0123456789abcdef", min_size=32, max_size=32)
SUFFIX_LIST = (".vault.azure.net", ".vault.usgovcloudapi.net", ".vault.azure.cn", ".managedhsm.azure.net")
SUFFIXES = st.sampled_from(SUFFIX_LIST)
CHANGES: list[Callable[[str], str]] = [str.lower, str.upper, str.title]
CASES = st.sampled_from(CHANGES)


@st.composite
def spellings(draw: st.DrawFn) -> tuple[ids.KeyId, str]:
    """A key id and one of the ways in which Azure may spell it."""
    plain = ids.KeyId(draw(VAULTS) + draw(SUFFIXES), draw(NAMES), draw(st.none() | VERSIONS))
    host, name, version = draw(CASES)(plain.host), draw(CASES)(plain.name), draw(CASES)(plain.version or "")
    port, slash = draw(st.sampled_from(["", ":443"])), draw(st.sampled_from(["", "/"]))
    return plain, f"https://{host}{port}/keys/{name}{'/' if version else ''}{version}{slash}"


@given(spellings())
def test_every_spelling_of_a_key_id_is_the_same_key(spelling: tuple[ids.KeyId, str]) -> None:
    plain, spelt = spelling
    read = ids.parse_key_id(spelt, vault_suffixes=SUFFIX_LIST)
    assert read.folded == plain.folded
    assert read.key.folded == plain.key.folded
    assert ids.parse_key_id(str(read)) == read


@given(st.text())
def test_what_is_no_key_id_is_bad_input_and_nothing_else(text: str) -> None:
    try:
        read = ids.parse_key_id(text)
    except BadInput:
        return
    assert ids.parse_key_id(str(read)).folded == read.folded


@pytest.mark.parametrize(
    "text",
    [
        "http://v.vault.azure.net/keys/k",
        "https://v.vault.azure.net/secrets/k",
        "https://v.vault.azure.net/keys/",
        "https://v.vault.azure.net/keys/k/short",
        "https://v.vault.azure.net:444/keys/k",
        "https://v.vault.azure.net:x/keys/k",
        "https://me@v.vault.azure.net/keys/k",
        "https://v.vault.azure.net/keys/k?x=1",
        "https://evil.example/keys/k",
        "https://a.b.vault.azure.net/keys/k",
        "https://evil.example/.vault.azure.net/keys/k",
    ],
)
def test_an_id_of_another_kind_or_host_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        ids.parse_key_id(text, vault_suffixes=(".vault.azure.net",))


@given(st.lists(st.text(string.ascii_letters, min_size=1), min_size=1, max_size=8), st.integers(0, 8))
def test_a_scope_contains_what_stands_below_it_and_nothing_beside_it(parts: list[str], cut: int) -> None:
    whole = "/" + "/".join(parts)
    above = "/" + "/".join(parts[: min(cut, len(parts))])
    assert ids.contains(above.upper(), whole)
    assert ids.contains(whole, above) == ids.same(whole, above)
    assert not ids.contains(above + "x" if above != "/" else "/x1", whole + "/y") or above == "/"


def test_segments_are_found_without_case() -> None:
    resource = "/subscriptions/ABC/resourcegroups/Group/providers/Microsoft.KeyVault/vaults/v/keys/k"
    assert ids.segment(resource, "resourceGroups") == "Group"
    assert ids.subscription_of(resource) == "abc"
    assert ids.subscription_of("/providers/Microsoft.Management/managementGroups/g") is None
    assert ids.last(resource + "/") == "k"
