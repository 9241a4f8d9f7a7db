"""Microsoft's JavaScript and Python clients, unmodified and unconfigured, through the proxy of ``sandbox shell``."""

import base64
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.keys.crypto import KeyWrapAlgorithm

from tests.az.conftest import TABLE
from tests.az.runner import in_shell
from tests.journeys.clients import Clients
from tests.support import Sandbox

SCRIPTS = Path(__file__).parent / "clients"
MODULES = Path(os.environ.get("CMK_ADMIN_AZ", "")).parents[2] / "az-javascript" / "node_modules"
VAULT, KEY = "https://dcc-premium.vault.azure.net", "mysql-encryption-key"
SECRET = b"a data encryption key of 32 bytes"

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not MODULES.is_dir(), reason="node 20 with Microsoft's clients is not here"
)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Puts this test into the table of results."""
    return lambda words: request.config.stash[TABLE].ran(words, request.node.nodeid)


def used(azure: Sandbox, sdk: Callable[..., Clients], *command: str, **more: str) -> list[Any]:
    """The requests that a client sent, once another client has agreed with all that it found."""
    since = azure.last_request()
    done = in_shell(azure.file, *command, VAULT, KEY, more=more)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    sent = azure.requests(since)
    clients = sdk()
    assert sorted(found["names"]) == sorted(one.name for one in clients.keys().list_properties_of_keys())
    assert found["same"] is True
    unwrapped = clients.crypto(found["id"]).unwrap_key(
        KeyWrapAlgorithm.rsa_oaep_256, base64.b64decode(found["wrapped"])
    )
    assert unwrapped.key == SECRET
    return sent


def verbs(sent: list[Any]) -> list[str]:
    """What was done with the key, in order."""
    paths = [one["path"].lower() for one in sent if one["status"] == 200 and one["method"] == "POST"]
    return [path.rsplit("/", 1)[-1] for path in paths if "/keys/" in path]


@needs_node
def test_javascript_lists_wraps_and_unwraps(
    azure: Sandbox, sdk: Callable[..., Clients], row: Callable[[str], None]
) -> None:
    row("(JavaScript) list, wrap, unwrap")
    sent = used(azure, sdk, "node", str(SCRIPTS / "javascript.cjs"), NODE_PATH=str(MODULES.resolve()))
    assert verbs(sent)[-1] == "unwrapkey"
    assert {one["principal"] for one in sent if "/keys" in one["path"]} >= {"administrator"}


@pytest.mark.parametrize("script", ["python_sync.py", "python_aio.py"])
def test_python_lists_wraps_and_unwraps(
    azure: Sandbox, sdk: Callable[..., Clients], row: Callable[[str], None], script: str
) -> None:
    row(f"({script}) list, wrap, unwrap")
    sent = used(azure, sdk, sys.executable, "-W", "error", str(SCRIPTS / script))
    assert verbs(sent)[-1] == "unwrapkey"
    assert {one["principal"] for one in sent if "/keys" in one["path"]} >= {"administrator"}
