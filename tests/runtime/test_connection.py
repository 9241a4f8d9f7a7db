"""Connection files, good ones and bad ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime.connection import read_connection

GOOD: dict[str, Any] = {
    "proxy": "http://127.0.0.1:8443",
    "tls_port": 9443,
    "ca_file": "/nowhere/ca.pem",
    "control": "http://127.0.0.1:9000/secret-path",
    "instance_id": "one",
    "tenant_id": "tenant",
    "subscriptions": ["a", "b"],
    "speed": 60,
    "principals": {
        "administrator": {"object_id": "o1", "client_id": "c1", "secret": "s1"},
        "reader": {"object_id": "o2", "client_id": "c2", "secret": "s2"},
    },
}


def write(folder: Path, document: Any) -> Path:
    path = folder / "connection.json"
    path.write_text(json.dumps(document))
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    connection = read_connection(write(tmp_path, GOOD))
    assert (connection.tls_port, connection.speed, connection.subscriptions) == (9443, 60.0, ("a", "b"))
    assert connection.principal().name == "administrator"
    assert connection.principal("reader").client_id == "c2"


def test_the_only_principal_is_the_one(tmp_path: Path) -> None:
    only = {"someone": GOOD["principals"]["reader"]}
    assert read_connection(write(tmp_path, {**GOOD, "principals": only})).principal().name == "someone"


def test_secrets_and_the_control_are_not_shown(tmp_path: Path) -> None:
    shown = repr(read_connection(write(tmp_path, GOOD)))
    assert "s1" not in shown.replace("principals", "")
    assert "secret-path" not in shown


@pytest.mark.parametrize("field", GOOD)
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_connection(write(tmp_path, {name: value for name, value in GOOD.items() if name != field}))
    assert caught.value.code == "bad-connection-file"
    assert field in caught.value.message


@pytest.mark.parametrize(
    "wrong",
    [
        {"tls_port": 0},
        {"tls_port": "9443"},
        {"tls_port": True},
        {"tls_port": 70000},
        {"speed": -1},
        {"speed": "fast"},
        {"control": "http://evil.example/secret"},
        {"proxy": "http://10.0.0.1:1"},
        {"principals": {}},
        {"principals": []},
        {"principals": {"a": {"object_id": "o", "client_id": 3, "secret": "s"}}},
        {"subscriptions": None},
        {"tenant_id": ""},
        {"tenant_id": "tenant/../other"},
    ],
)
def test_a_field_that_makes_no_sense_is_bad_input(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="connection file"):
        read_connection(write(tmp_path, {**GOOD, **wrong}))


def test_no_file_a_folder_and_no_json_are_bad_input(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\xff\xfe{")
    deep = tmp_path / "deep"
    deep.write_text("[" * 100_000)
    for path in (tmp_path / "missing", tmp_path, broken, deep):
        with pytest.raises(BadInput) as caught:
            read_connection(path)
        assert caught.value.subject == str(path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "x"]), inner, max_size=4),
    max_leaves=8,
)


@given(document=_JSON)
def test_whatever_a_file_holds_is_bad_input_or_a_connection(
    tmp_path_factory: pytest.TempPathFactory, document: Any
) -> None:
    path = write(tmp_path_factory.mktemp("any"), document)
    with pytest.raises(BadInput):
        read_connection(path)
