"""Detach and revalidate from the command line: a server does without its key, or tries it again; nobody is cut off."""

import time

import pytest

from tests.journeys.workshop import (
    GROUP,
    SPARE,
    USED_ID,
    Workshop,
    accepts,
    done,
    nothing_sent,
    often_and_seldom,
    planned,
    refused,
    undone,
)
from tests.support import Program, Sandbox

ATTACHED = "ws-mysql-attached"
DETACH = ("detach", ATTACHED)


def until_lost(sandbox: Sandbox, admin: Workshop, name: str = ATTACHED) -> None:
    """Push the clock until the server has noticed that it may not use its key any more."""
    end = time.monotonic() + 20
    sandbox.advance(660)
    while str(admin.flexible(name).state) != "Inaccessible":
        assert time.monotonic() < end, "the server did not notice"
        sandbox.advance(120)


def without_grant(sandbox: Sandbox, admin: Workshop) -> tuple[str, str]:
    """Take the server's grant past the program, and wait until it is Inaccessible: the scope, and the principal."""
    scope, mine = admin.scope("ws-premium", "used-key"), Workshop(sandbox, "ws-attached-id").object_id
    (name,) = [name for name, (who, *_) in admin.grants(scope).items() if who == mine]
    admin.remove_grant(scope, name)
    until_lost(sandbox, admin)
    return scope, mine


@pytest.mark.full
def test_a_server_gives_its_key_up_and_gets_it_back(workshop: Sandbox, maker: Program) -> None:
    admin = Workshop(workshop)
    scope, before, wrapped = admin.scope("ws-premium", "used-key"), admin.encryption(ATTACHED), admin.wrap(USED_ID)
    grants = admin.grants(scope)
    assert any("Keep used-key and its grant alive" in one for one in planned(maker, *DETACH)["warnings"])
    report = done(maker.json(*DETACH, "--yes", "--watch"), "detach")
    assert [one["result"] for one in report["watch"]] == ["confirmed"]
    assert admin.encryption(ATTACHED) == (None, None)
    assert admin.grants(scope) == grants
    assert Workshop(workshop, "ws-attached-id").unwraps(wrapped, USED_ID)
    assert accepts(workshop, ATTACHED)
    undone(maker, report, "--watch")
    assert admin.encryption(ATTACHED) == before
    assert accepts(workshop, ATTACHED)


def test_the_grant_goes_after_the_key_and_comes_back_before_it(workshop: Sandbox, maker: Program) -> None:
    admin, mine = Workshop(workshop), Workshop(workshop, "ws-attached-id")
    scope, before, wrapped = admin.scope("ws-premium", "used-key"), admin.encryption(ATTACHED), admin.wrap(USED_ID)
    grants = admin.grants(scope)
    first = planned(maker, *DETACH, "--drop-grant")
    assert [(one["verb"], one["stage"]) for one in first["steps"]] == [
        ("set-consumer-key", 0),
        ("remove-role-assignment", 1),
    ]
    assert planned(maker, *DETACH, "--drop-grant")["hash"] == first["hash"]
    report = done(maker.json(*DETACH, "--drop-grant", "--yes", "--expect", first["hash"]), "detach")
    assert admin.encryption(ATTACHED) == (None, None)
    assert mine.object_id not in {who for who, *_ in admin.grants(scope).values()}
    mine.await_unwraps(wrapped, wanted=False, key_id=USED_ID)
    undone(maker, report, "--watch")
    assert (admin.encryption(ATTACHED), admin.grants(scope)) == (before, grants)
    assert accepts(workshop, ATTACHED)


@pytest.mark.full
def test_a_grant_that_another_server_needs_is_not_dropped(workshop: Sandbox, maker: Program) -> None:
    line = ("attach", "ws-premium/used-key", "--consumer", "ws-mysql", "--identity", "ws-attached-id")
    done(maker.json(*line, "--yes"), "attach")
    refused(workshop, maker, [*DETACH, "--drop-grant"], "waits: ws-mysql uses used-key.")
    done(maker.json(*DETACH, "--yes"), "detach")
    assert accepts(workshop, "ws-mysql")


@pytest.mark.full
def test_a_grant_stays_where_the_server_keeps_its_key(workshop: Sandbox, maker: Program) -> None:
    """The server's change is refused: the grant is not even tried, and the outcome says so."""
    admin = Workshop(workshop)
    scope, before = admin.scope("ws-premium", "used-key"), admin.encryption(ATTACHED)
    grants = admin.grants(scope)
    workshop.fault("PATCH management.azure.com*/flexibleServers/* status:403")
    answer = maker.json(*DETACH, "--drop-grant", "--yes", "--watch")
    assert (answer.status, answer.json["outcome"]) == (1, "failed")
    assert [one["state"] for one in answer.json["steps"]] == ["failed", "planned"]
    assert (admin.encryption(ATTACHED), admin.grants(scope)) == (before, grants)
    workshop.no_faults()
    resumed = maker.json("resume", answer.json["operation"], "--yes")
    assert resumed.status == 0, resumed.out
    assert admin.encryption(ATTACHED) == (None, None)


@pytest.mark.full
def test_single_servers_and_geo_redundant_ones_give_their_keys_up(workshop: Sandbox, maker: Program) -> None:
    admin = Workshop(workshop)
    done(maker.json("attach", SPARE, "--consumer", "ws-single", "--yes"), "attach")
    done(maker.json("detach", "ws-single", "--drop-grant", "--yes", "--watch"), "detach")
    assert admin.single_keys() == []
    geo = ("--geo-key", "ws-north/spare-key", "--geo-identity", "ws-north-id")
    line = ("attach", SPARE, "--consumer", "ws-mysql-geo", "--identity", "ws-free-id", *geo)
    done(maker.json(*line, "--yes"), "attach")
    report = done(maker.json("detach", "ws-mysql-geo", "--drop-grant", "--yes", "--watch"), "detach")
    assert [one["verb"] for one in report["steps"]].count("remove-role-assignment") == 2
    assert admin.encryption("ws-mysql-geo") == (None, None)
    undone(maker, report, "--watch")
    found = admin.flexible("ws-mysql-geo").data_encryption
    assert found.geo_backup_key_uri.startswith("https://ws-north.vault.azure.net/keys/spare-key/")


def test_a_server_that_got_its_grant_back_is_revalidated(workshop: Sandbox, maker: Program) -> None:
    admin = Workshop(workshop)
    scope, mine = without_grant(workshop, admin)
    assert not accepts(workshop, ATTACHED)
    refused(workshop, maker, list(DETACH), "is Inaccessible: repair its key first")
    admin.grant(scope, "e147488a-f6f5-4113-8e2d-b22465e65bf6", mine)
    workshop.advance(600)
    report = done(maker.json("revalidate", ATTACHED, "--yes", "--watch"), "revalidate")
    assert [one["result"] for one in report["watch"]] == ["confirmed"]
    assert str(admin.flexible(ATTACHED).state) == "Ready"
    assert accepts(workshop, ATTACHED)
    back = maker.json("undo", report["operation"], "--yes")
    assert back.status == 1
    assert "nothing to take back" in back.json["error"]["message"]


@pytest.mark.full
def test_a_server_without_its_grant_is_not_said_to_be_revalidated(workshop: Sandbox, maker: Program) -> None:
    admin = Workshop(workshop)
    without_grant(workshop, admin)
    answer = maker.json("revalidate", ATTACHED, "--yes", "--watch")
    assert answer.status == 1
    assert answer.json["outcome"] in ("failed", "partial")
    assert str(admin.flexible(ATTACHED).state) == "Inaccessible"
    again = Workshop(workshop)
    refused(workshop, maker, ["attach", SPARE, "--consumer", ATTACHED], "is Inaccessible: repair its present key first")
    assert again.encryption(ATTACHED)[1] == "ws-attached-id"


@pytest.mark.parametrize(
    ("line", "said"),
    often_and_seldom(
        ([*DETACH, "--principal", "reader"], "Microsoft.DBforMySQL/flexibleServers/write is missing on"),
        (["detach", "ws-des"], "A disk encryption set always has a key."),
        (["revalidate", ATTACHED, "--principal", "reader"], "This account may not change ws-mysql-attached"),
        (["revalidate", "ws-des"], "tries its key again by itself: there is nothing to ask it for"),
        often=1,
    ),
)
def test_what_must_not_be_done_is_refused_in_one_sentence_and_nothing_is_sent(
    looked_at: Sandbox, asker: Program, line: list[str], said: str
) -> None:
    refused(looked_at, asker, line, said)


@pytest.mark.full
@pytest.mark.parametrize("verb", ["detach", "revalidate"])
@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], "bad-usage"),
        ([""], "bad-usage"),
        (["nobody"], "unknown-consumer"),
        (["ws-mysql"], "unknown-consumer"),
        (["ws-premium"], "unknown-consumer"),
        ([f"/subscriptions/x/resourceGroups/{GROUP}/providers/a/b/c"], "unknown-consumer"),
        ([ATTACHED, "--use", "etcd"], "no-use"),
        ([ATTACHED, "--use", "fly"], "bad-usage"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_changed(
    looked_at: Sandbox, asker: Program, verb: str, options: list[str], code: str
) -> None:
    with nothing_sent(looked_at):
        answer = asker.json(verb, *options, "--yes")
    assert (answer.status, answer.json["error"]["code"]) == (2, code), answer.out


@pytest.mark.full
def test_a_frozen_server_keeps_its_key_and_a_kept_grant_its_role(workshop: Sandbox, maker: Program) -> None:
    admin = Workshop(workshop)
    server = str(admin.flexible(ATTACHED).id)
    lock = admin.lock(admin.scope("ws-premium", None), "kept", "CanNotDelete")
    refused(workshop, maker, [*DETACH, "--drop-grant"], f"The CanNotDelete lock “{lock}” on ws-premium forbids it")
    admin.lock(server, "frozen", "ReadOnly")
    refused(workshop, maker, list(DETACH), "The ReadOnly lock “frozen” on ws-mysql-attached forbids it")
