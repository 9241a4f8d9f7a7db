"""Attach a key to a MySQL server from the command line: the server's own client, its clients and its identity say so."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.journeys.workshop import (
    ENCRYPTION_USER,
    GROUP,
    PREMIUM,
    SPARE,
    SPARE_ID,
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
from tests.support import Program, Sandbox, serve

MYSQL = ("attach", SPARE, "--consumer", "ws-mysql")
FREE = (*MYSQL, "--identity", "ws-free-id")
_EVENTS = ("intent", "sent", "accepted", "done")


def test_a_server_gets_its_key_serves_survives_a_restart_and_is_given_back(
    workshop: Sandbox, maker: Program, tmp_path: Path
) -> None:
    admin, free = Workshop(workshop), Workshop(workshop, "ws-free-id")
    scope = admin.scope("ws-premium", "spare-key")
    before = admin.grants(scope)
    wrapped, other = admin.wrap(SPARE_ID), admin.wrap(USED_ID)
    answer = maker.json(*FREE, "--yes", "--watch")
    report = done(answer, "attach")
    assert [one["verb"] for one in report["steps"]] == ["create-role-assignment", "set-consumer-key"]
    assert [one["result"] for one in report["watch"]] == ["confirmed"]
    events = [(one["step"], one["event"]) for one in answer.boundaries]
    # The server is asked again while the grant spreads
    assert events[:8] == [(1, e) for e in _EVENTS] + [(2, e) for e in _EVENTS[:3]] + [events[7]]
    assert events[-4:] == [(2, e) for e in _EVENTS]
    current = admin.keys(PREMIUM).get_key("spare-key").id
    assert admin.encryption() == (current, "ws-free-id")
    assert (str(admin.flexible().state), admin.carried()) == ("Ready", {"ws-free-id"})
    assert {(who, role) for who, role, _ in admin.grants(scope).values()} - {
        (who, role) for who, role, _ in before.values()
    } == {(free.object_id, ENCRYPTION_USER)}
    assert accepts(workshop, "ws-mysql")
    assert free.unwraps(wrapped, SPARE_ID)
    assert not free.unwraps(other, USED_ID)
    refused(workshop, maker, list(FREE), "ws-mysql uses spare-key already")

    workshop.stop()
    again = serve(tmp_path / "workshop", speed=300, scenario="workshop")
    try:
        admin, free = Workshop(again), Workshop(again, "ws-free-id")
        assert admin.encryption() == (current, "ws-free-id")
        again.advance(3600)
        assert accepts(again, "ws-mysql")
        assert str(admin.flexible().state) == "Ready"
        assert free.unwraps(wrapped, SPARE_ID)
        assert not free.unwraps(other, USED_ID)

        undone(maker, report, "--watch")
        assert (admin.encryption(), admin.carried()) == ((None, None), set())
        assert admin.grants(scope) == before
        assert accepts(again, "ws-mysql")
        free.await_unwraps(wrapped, wanted=False, key_id=SPARE_ID)
    finally:
        again.stop()


@pytest.mark.full
def test_an_identity_made_for_a_server_goes_with_the_undo(workshop: Sandbox, maker: Program) -> None:
    line = (*MYSQL, "--create-identity", f"{GROUP}/made-id")
    report = done(maker.json(*line, "--yes"), "attach")
    assert [one["verb"] for one in report["steps"]] == [
        "create-identity",
        "create-role-assignment",
        "set-consumer-key",
    ]
    admin, made = Workshop(workshop), Workshop(workshop, "made-id")
    assert admin.encryption()[1] == "made-id"
    assert made.unwraps(admin.wrap(SPARE_ID), SPARE_ID)
    undone(maker, report)
    assert (admin.encryption(), admin.carried()) == ((None, None), set())
    assert made.object_id not in {who for who, *_ in admin.grants(admin.scope("ws-premium", "spare-key")).values()}
    gone = maker.json("grant", SPARE, "--identity", "made-id", "--plan")
    assert gone.json["error"]["code"] == "unknown-identity"


@pytest.mark.full
@pytest.mark.parametrize("at", [(2, "accepted"), (3, "sent")])
def test_interrupted_it_finishes_the_call_in_flight_and_can_be_gone_on_with_or_taken_back(
    workshop: Sandbox, maker: Program, at: tuple[int, str]
) -> None:
    line = (*MYSQL, "--create-identity", f"{GROUP}/made-id", "--yes", "--watch")
    stopped = maker.until(line, lambda boundary: (boundary.get("step"), boundary["event"]) == at, signal.SIGINT)
    assert stopped.status == 3, stopped.out
    report = stopped.json
    assert {one["state"] for one in report["steps"]} <= {"done", "accepted", "planned"}
    assert (maker.json("operations").json["operations"][0]["operation"]) == report["operation"]
    if at == (2, "accepted"):
        resumed = maker.json("resume", report["operation"], "--yes", "--watch")
        assert resumed.status == 0, resumed.out
        assert Workshop(workshop).encryption()[1] == "made-id"
    undone(maker, report, "--watch")
    admin = Workshop(workshop)
    assert (admin.encryption(), admin.carried()) == ((None, None), set())
    assert accepts(workshop, "ws-mysql")


def test_a_single_server_gets_its_key_by_its_own_identity_and_is_said_to_be_retired(
    workshop: Sandbox, maker: Program
) -> None:
    line = ("attach", SPARE, "--consumer", "ws-single")
    assert any("was retired on 16 September 2024" in one for one in planned(maker, *line)["warnings"])
    report = done(maker.json(*line, "--yes", "--watch"), "attach")
    admin, server = Workshop(workshop), Workshop(workshop, "ws-single")
    assert admin.single_keys() == [admin.keys(PREMIUM).get_key("spare-key").id]
    wrapped, other = admin.wrap(SPARE_ID), admin.wrap(USED_ID)
    assert server.unwraps(wrapped, SPARE_ID)
    assert not server.unwraps(other, USED_ID)
    assert accepts(workshop, "ws-single")
    undone(maker, report)
    assert admin.single_keys() == []
    server.await_unwraps(wrapped, wanted=False, key_id=SPARE_ID)


@pytest.mark.full
def test_a_server_with_geo_redundant_backup_gets_both_keys(workshop: Sandbox, maker: Program) -> None:
    line = ("attach", SPARE, "--consumer", "ws-mysql-geo", "--identity", "ws-free-id")
    geo = ("--geo-key", "ws-north/spare-key", "--geo-identity", "ws-north-id")
    report = done(maker.json(*line, *geo, "--yes", "--watch"), "attach")
    admin = Workshop(workshop)
    found = admin.flexible("ws-mysql-geo").data_encryption
    assert found.geo_backup_key_uri.startswith("https://ws-north.vault.azure.net/keys/spare-key/")
    assert found.geo_backup_user_assigned_identity_id.endswith("/ws-north-id")
    assert admin.carried("ws-mysql-geo") == {"ws-free-id", "ws-north-id"}
    undone(maker, report)
    assert (admin.encryption("ws-mysql-geo"), admin.carried("ws-mysql-geo")) == ((None, None), set())


@pytest.mark.full
def test_another_key_for_a_server_says_that_the_old_one_is_needed_and_can_be_taken_back(
    workshop: Sandbox, maker: Program
) -> None:
    line = ("attach", SPARE, "--consumer", "ws-mysql-attached")
    assert any("uses used-key now: keep that key alive" in one for one in planned(maker, *line)["warnings"])
    admin = Workshop(workshop)
    before = admin.encryption("ws-mysql-attached")
    report = done(maker.json(*line, "--yes", "--watch"), "attach")
    assert "/keys/spare-key/" in str(admin.encryption("ws-mysql-attached")[0])
    undone(maker, report, "--watch")
    assert admin.encryption("ws-mysql-attached") == before
    assert Workshop(workshop, "ws-attached-id").unwraps(admin.wrap(USED_ID), USED_ID)


@pytest.mark.full
@pytest.mark.parametrize(
    ("key", "consumer"),
    [
        ("ws-closed/spare-key", "ws-mysql"),
        ("ws-policies/spare-key", "ws-mysql"),
        ("ws-standard/spare-key", "ws-mysql"),
        ("ws-elsewhere/spare-key", "ws-mysql"),
        ("ws-north/spare-key", "ws-mysql"),
        (SPARE, "ws-mysql-burstable"),
        (SPARE, "ws-mysql-kept"),
        (SPARE, "ws-mysql-source"),
    ],
)
def test_what_is_planned_without_a_problem_is_what_the_server_takes(
    workshop: Sandbox, maker: Program, key: str, consumer: str
) -> None:
    report = done(
        maker.json("attach", key, "--consumer", consumer, "--identity", "ws-spare-id", "--yes", "--watch"), "attach"
    )
    admin = Workshop(workshop)
    vault, name = key.split("/")
    assert str(admin.encryption(consumer)[0]).startswith(f"https://{vault}.vault.azure.net/keys/{name}/")
    assert accepts(workshop, consumer)
    undone(maker, report)
    assert admin.encryption(consumer) == (None, None)


@pytest.mark.full
def test_the_plan_has_one_hash_and_only_that_is_run(looked_at: Sandbox, asker: Program) -> None:
    line = (*MYSQL, "--create-identity", f"{GROUP}/made-id")
    with nothing_sent(looked_at):
        first = planned(asker, *line)
        assert planned(asker, *line)["hash"] == first["hash"]
        answer = asker.json(*line, "--yes", "--expect", "0" * 64)
        assert (answer.status, answer.json["error"]["code"]) == (1, "plan-changed")


NORTH = ("ws-north/spare-key", "Azure's documents do not agree on whether MySQL flexible server may use it")


@pytest.mark.full
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["attach", NORTH[0], "--consumer", "ws-mysql", "--identity", "ws-free-id"], NORTH[1]),
        (
            ["attach", SPARE, "--consumer", "ws-mysql-source", "--identity", "ws-free-id"],
            "The replicas of ws-mysql-source (ws-mysql-replica) turn Inaccessible",
        ),
        ([*MYSQL, "--identity", "ws-attached-id"], "ws-attached-id serves ws-mysql-attached already"),
        (
            ["attach", "ws-premium/used-key", "--consumer", "ws-mysql", "--identity", "ws-free-id"],
            "used-key serves ws-mysql-attached already",
        ),
    ],
)
def test_what_should_be_known_before_an_attach_is_said(
    looked_at: Sandbox, asker: Program, line: list[str], said: str
) -> None:
    with nothing_sent(looked_at):
        plan = planned(asker, *line)
    assert any(said in one for one in plan["warnings"]), plan["warnings"]


def _to(consumer: str, key: str = SPARE) -> list[str]:
    return ["attach", key, "--consumer", consumer, "--identity", "ws-free-id"]


@pytest.mark.parametrize(
    ("line", "said"),
    often_and_seldom(
        (_to("ws-mysql", "ws-thirty/spare-key"), "ws-thirty keeps deleted keys 30 days"),
        (_to("ws-mysql-geo"), "it needs a second key and identity in the region that is paired"),
        (_to("ws-mysql", "ws-unprotected/spare-key"), "ws-unprotected has no purge protection"),
        (_to("ws-mysql", "ws-shut/spare-key"), "ws-shut lets only chosen networks in and trusted Azure services not"),
        (_to("ws-mysql", "ws-premium/etcd-key"), "“etcd-key” does not allow wrapKey or unwrapKey"),
        (_to("ws-mysql-stopped"), "ws-mysql-stopped is Stopped: it must be Ready. Start it first."),
        (_to("ws-mysql-replica"), "ws-mysql-replica is a replica of ws-mysql-source"),
        ([*_to("ws-mysql-geo"), "--geo-key", "ws-north/spare-key"], "it needs a second key and identity"),
        (
            [*_to("ws-mysql-geo"), "--geo-key", "ws-premium/disk-key", "--geo-identity", "ws-north-id"],
            "the second key must lie in the paired region",
        ),
        ([*_to("ws-mysql"), "--geo-key", "ws-north/spare-key"], "has no geo-redundant backup: it takes no second key"),
        (_to("ws-mysql-frozen"), "The ReadOnly lock “frozen” on ws-mysql-frozen forbids it"),
        (_to("ws-mysql-attached", "ws-premium/used-key"), "ws-mysql-attached uses used-key already"),
        (list(MYSQL), "Choose the identity, or have one created."),
        ([*MYSQL, "--create-identity", f"{GROUP}/ws-free-id"], "There is an identity “ws-free-id” in"),
        ([*MYSQL, "--create-identity", "no-such-group/made-id"], "There is no resource group “no-such-group”"),
        (["attach", SPARE, "--consumer", "ws-single-basic"], "ws-single-basic is of the tier Basic"),
        (_to("ws-single"), "ws-single uses a key by the identity of its own: choose no other one."),
        (
            ["attach", SPARE, "--consumer", "ws-single", "--create-identity", f"{GROUP}/made-id"],
            "ws-single uses a key by the identity of its own",
        ),
        (["attach", "ws-thirty/spare-key", "--consumer", "ws-single"], "ws-thirty keeps deleted keys 30 days"),
        ([*FREE, "--principal", "operator"], "This account may not assign roles on spare-key"),
        ([*FREE, "--principal", "reader"], "Microsoft.DBforMySQL/flexibleServers/write is missing on ws-mysql"),
        ([*FREE, "--principal", "reader"], "This account may not give ws-free-id to servers"),
        (
            ["attach", SPARE, "--consumer", "ws-single", "--principal", "reader"],
            "Microsoft.DBforMySQL/servers/keys/write is missing on ws-single",
        ),
        often=2,
    ),
)
def test_what_must_not_be_attached_is_refused_in_one_sentence_and_nothing_is_sent(
    looked_at: Sandbox, asker: Program, line: list[str], said: str
) -> None:
    refused(looked_at, asker, line, said)


@pytest.mark.full
@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"size": 4096}, None),
        ({"enabled": False}, "is disabled, and a disabled key refuses MySQL flexible server"),
        ({"not_before": datetime(2098, 1, 1, tzinfo=UTC)}, "may be used only from 2098-01-01 00:00:00 UTC"),
        ({"expires_on": datetime(2098, 1, 1, tzinfo=UTC)}, None),
        ({"key_operations": ["wrapKey"]}, "does not allow unwrapKey"),
        ({"ec": True}, "is of type EC"),
    ],
)
def test_a_key_of_another_kind_is_judged_as_the_server_judges_it(
    workshop: Sandbox, maker: Program, made: dict[str, object], said: str | None
) -> None:
    keys = Workshop(workshop).keys(PREMIUM)
    if "ec" in made:
        keys.create_ec_key("odd-key", hardware_protected=True)
    else:
        keys.create_rsa_key("odd-key", hardware_protected=True, **{"key_operations": ["wrapKey", "unwrapKey"], **made})  # type: ignore[arg-type]
    line = _to("ws-mysql", "ws-premium/odd-key")
    if said is not None:
        refused(workshop, maker, line, said)
    else:
        done(maker.json(*line, "--yes", "--watch"), "attach")
        assert accepts(workshop, "ws-mysql")


@pytest.mark.full
def test_a_key_that_has_expired_is_refused(workshop: Sandbox, maker: Program) -> None:
    soon = datetime.now(UTC) + timedelta(days=2)
    Workshop(workshop).keys(PREMIUM).create_rsa_key(
        "odd-key", hardware_protected=True, key_operations=["wrapKey", "unwrapKey"], expires_on=soon
    )
    workshop.advance(3 * 86400)
    refused(workshop, maker, _to("ws-mysql", "ws-premium/odd-key"), "“odd-key” expired on")


@pytest.mark.full
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["attach", SPARE], "bad-usage"),
        (["attach", SPARE, "--consumer", ""], "bad-usage"),
        (_to("nobody"), "unknown-consumer"),
        (_to("ws-premium"), "unknown-consumer"),
        (_to("/subscriptions/x"), "unknown-consumer"),
        (_to("/subscriptions/x/resourceGroups/y/providers/Microsoft.Sql/servers/z"), "unknown-consumer"),
        (_to("ws-aks"), "no-use"),
        ([*FREE, "--use", "etcd"], "unknown-consumer"),
        ([*FREE, "--use", "fly"], "bad-usage"),
        ([*FREE, "--consumer", "ws-single"], "bad-usage"),
        ([*FREE, "--disk-set", "ws-des"], "bad-usage"),
        ([*FREE, "--create-identity", f"{GROUP}/made-id"], "bad-usage"),
        ([*MYSQL, "--identity", "nobody"], "unknown-identity"),
        ([*MYSQL, "--identity", "ws-single"], "unknown-identity"),
        ([*FREE, "--geo-key", "ws-north/nothing"], "unknown-key"),
        ([*FREE, "--geo-key", "https://evil.example/keys/k"], "bad-key-id"),
        (_to("ws-mysql", "ws-premium/nothing"), "unknown-key"),
        (_to("ws-mysql", f"{SPARE_ID}/{'0' * 32}"), "not-current"),
        (_to("ws-mysql", "https://evil.example/keys/spare-key"), "bad-key-id"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_changed(
    looked_at: Sandbox, asker: Program, line: list[str], code: str
) -> None:
    with nothing_sent(looked_at):
        answer = asker.json(*line, "--yes")
    assert (answer.status, answer.json["error"]["code"]) == (2, code), answer.out
