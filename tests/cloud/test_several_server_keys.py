"""A MySQL single server with two server keys, which its documents do not know: nothing of it is guessed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.cloud import parse
from cmk_admin.cloud.consumers import mysql_single
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.operations.executors import EXECUTORS, Seen
from cmk_admin.runtime.sandbox_process import start_sandbox
from cmk_admin.sandbox.consumers import CHILD, SINGLE_KEY
from cmk_admin.sandbox.running import open_world
from tests.cloud.conftest import Azure, Run, opened

SAID = "dcc-mysql-single has 2 server keys; which one it uses is not told"
OLD = "0" * 32
"""The version that the second server key names."""


@pytest.fixture
def azure(laid: Path, tmp_path: Path) -> Iterator[Azure]:
    """A dcc whose single server has a server key of an older version too; that one comes first."""
    shutil.copytree(laid, tmp_path / "state")
    world = open_world(tmp_path / "state", 60)
    (key,) = [one for _, one in world.items(CHILD) if one["type"] == SINGLE_KEY]
    uri, name = key["properties"]["uri"], key["name"]
    version = uri.rsplit("/", 1)[1]
    world.delete(CHILD, key["id"])
    for put in (OLD, version):
        named = name.replace(version, put)
        properties = {**key["properties"], "uri": uri.replace(version, put)}
        document = {**key, "name": named, "id": key["id"].replace(name, named), "properties": properties}
        world.put(CHILD, document["id"], document)
    world.commit()
    world.close()
    process = start_sandbox(tmp_path, scenario="dcc", speed=60)
    yield Azure(process)
    process.stop()


@pytest.fixture
def session(azure: Azure, run: Run[Any]) -> Iterator[Session]:
    """The administrator."""
    yield from opened(azure, run)


@pytest.fixture
def server(azure: Azure) -> str:
    """The server's id."""
    return next(str(row["consumer_id"]) for row in azure.truth("administrator") if row["service"] == "mysql-single")


def keys_of(session: Session, run: Run[Any], server: str) -> list[str]:
    found = run(session.arm_pages(f"{server}/keys", api_version="2020-01-01", urgent=True))
    return [str(one["properties"]["uri"]) for one in found]


def test_which_key_it_uses_is_not_guessed_and_a_step_leaves_it_alone(
    azure: Azure, session: Session, run: Run[Any], server: str
) -> None:
    uris = keys_of(session, run, server)
    assert len(uris) == 2
    found = run(mysql_single.target(session, server))
    assert (found.key, found.settings["key"]) == (None, uris)
    assert found.unclear is not None
    assert found.unclear.startswith(SAID)
    step = Step(
        verb=StepVerb.SET_CONSUMER_KEY,
        target=server,
        words="",
        undo_words=None,
        before={"service": "mysql-single", "key": uris[0]},
        after={"service": "mysql-single", "key": None},
        request="",
    )
    look = run(EXECUTORS[step.verb].look(session, step))
    assert (look.seen, str(look.difference).startswith(SAID)) == (Seen.CHANGED, True)


def test_it_is_not_asked_to_try_a_key_of_which_it_is_not_known_that_it_uses_it(
    azure: Azure, session: Session, run: Run[Any], server: str
) -> None:
    with pytest.raises(AzureFailure, match=SAID) as refused:
        run(mysql_single.revalidate(session, server))
    assert refused.value.kind is FailureKind.CONFLICT
    assert azure.requests("PUT", "/servers/") == []


def test_the_server_key_that_is_taken_is_the_one_that_the_step_names(
    azure: Azure, session: Session, run: Run[Any], server: str
) -> None:
    uris = keys_of(session, run, server)
    off = {"service": "mysql-single", "key": None}
    with pytest.raises(AzureFailure, match="another key by now") as refused:
        run(mysql_single.set_key(session, server, {**off, "was": uris[0].replace("mysql-", "other-")}, None))
    assert refused.value.kind is FailureKind.CONFLICT
    with pytest.raises(AzureFailure, match="another key by now"):
        run(mysql_single.set_key(session, server, off, None))
    assert azure.requests("DELETE", "/servers/") == []
    run(mysql_single.set_key(session, server, {**off, "was": uris[1]}, None))
    (sent,) = azure.requests("DELETE", "/servers/")
    kid = parse.key_id_of(uris[1])
    assert kid is not None
    assert sent["path"].split("?")[0].endswith(f"_{kid.version}")
