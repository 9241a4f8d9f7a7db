"""Cut MySQL off its key, watch it stop, give the key back: told by the command line, checked by a foreign client."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.journeys.clients import AKS_KEY, MYSQL_KEY, Clients
from tests.support import Document, Program, Sandbox

KEY = "dcc-premium/mysql-encryption-key"
CUT = ("revoke", KEY, "--consumer", "dcc-mysql")


def truth_of(sandbox: Sandbox, consumer: str) -> Document:
    return next(r for r in sandbox.truth() if r["consumer_id"].endswith("/" + consumer))


def test_revoke_and_restore_are_what_a_foreign_client_sees(sandbox: Sandbox, program: Program) -> None:
    mysql, cluster_disks, admin = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-des"), Clients(sandbox)
    wrapped, wrapped_disks = mysql.wrap(), cluster_disks.wrap(AKS_KEY)
    assert mysql.unwraps(wrapped)
    scope = truth_of(sandbox, "dcc-mysql")["role_assignment_scope"][0]
    grants = admin.grants(scope)

    revoked = program.json(*CUT, "--yes", "--watch", "--reason", "drill", "--ticket", "INC-1")
    assert revoked.status == 0, revoked.out
    report = revoked.json
    assert (report["verb"], report["outcome"], report["open_paths"]) == ("revoke", "done", [])
    assert [s["state"] for s in report["steps"]] == ["done"]
    [seen] = report["watch"]
    assert seen["result"] == "confirmed"
    assert seen["consumer_id"].endswith("/dcc-mysql")
    # RBAC's ten minutes to spread, and MySQL's ten to notice; Azure's seconds are the clock's times the speed
    assert 0 < seen["seconds"] <= 1200
    assert seen["seconds"] == pytest.approx(seen["wall_seconds"] * sandbox.described["speed"], rel=0.01)
    assert [b["event"] for b in revoked.boundaries] == ["intent", "sent", "accepted", "done"]
    assert {b["operation"] for b in revoked.boundaries} == {report["operation"]}
    assert not mysql.unwraps(wrapped)
    assert admin.server_state() == "Inaccessible"
    assert cluster_disks.unwraps(wrapped_disks, AKS_KEY)
    assert Clients(sandbox, "dcc-mysql-single").unwraps(wrapped)

    restored = program.json("restore", report["operation"], "--yes", "--watch")
    assert restored.status == 0, restored.out
    assert restored.json["outcome"] == "done"
    assert [w["result"] for w in restored.json["watch"]] == ["confirmed"]
    mysql.await_unwraps(wrapped, wanted=True)
    assert admin.server_state() == "Ready"
    assert cluster_disks.unwraps(wrapped_disks, AKS_KEY)
    assert admin.grants(scope) == grants

    listed = program.json("operations").json["operations"]
    assert [(o["verb"], o["outcome"]) for o in listed] == [("restore", "done"), ("revoke", "done")]
    assert (listed[1]["reason"], listed[1]["ticket"]) == ("drill", "INC-1")


def test_the_file_that_a_revoke_names_gives_everything_back_on_another_machine(
    sandbox: Sandbox, program: Program, tmp_path: Path
) -> None:
    scope = truth_of(sandbox, "dcc-mysql")["role_assignment_scope"][0]
    grants = Clients(sandbox).grants(scope)
    revoked = program.json(*CUT, "--yes")
    assert Clients(sandbox).grants(scope) != grants
    file = Path(str(revoked.json["restore_file"]))
    assert file.stat().st_mode & 0o777 == 0o600
    elsewhere = replace(program, home=tmp_path / "another-home")
    restored = elsewhere.json("restore", str(file), "--yes")
    assert restored.json["outcome"] == "done", restored.out
    assert Clients(sandbox).grants(scope) == grants


def test_disabling_a_key_cuts_everybody_and_restore_gives_it_back(sandbox: Sandbox, program: Program) -> None:
    mysql, single = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped = mysql.wrap()
    revoked = program.json("revoke", MYSQL_KEY, "--yes", "--watch")
    assert revoked.status == 0, revoked.out
    assert {w["consumer_id"].rsplit("/", 1)[1] for w in revoked.json["watch"]} == {"dcc-mysql", "dcc-mysql-single"}
    assert not mysql.unwraps(wrapped)
    assert not single.unwraps(wrapped)
    restored = program.json("restore", revoked.json["operation"], "--yes", "--watch")
    assert restored.status == 0, restored.out
    assert mysql.unwraps(wrapped)
    assert single.unwraps(wrapped)


def test_a_grant_of_a_group_is_never_taken_and_never_called_done(sandbox: Sandbox, program: Program) -> None:
    """dcc-train-mysql is granted through a group: a revoke never takes a group's grant by default."""
    train = Clients(
        sandbox, "dcc-train-mysql" if "dcc-train-mysql" in sandbox.described["principals"] else "dcc-train-id"
    )
    key = "https://dcc-lab.vault.azure.net/keys/train-encryption-key"
    wrapped = train.wrap(key)
    planned = program.json("revoke", "dcc-lab/train-encryption-key", "--consumer", "dcc-train-mysql", "--plan")
    assert planned.status == 0
    assert "stays_open" in {p["state"] for p in planned.json["paths"]}
    done = program.json("revoke", "dcc-lab/train-encryption-key", "--consumer", "dcc-train-mysql", "--yes")
    assert done.status == 1
    assert "a group's" in done.json["error"]["message"]
    assert not sandbox.writes()
    assert train.unwraps(wrapped, key)


def test_a_way_beside_the_plan_makes_the_outcome_partial(sandbox: Sandbox, program: Program) -> None:
    """Beside its own grant on the key, MySQL is given one on the whole group: above the vault, so it stays open."""
    mysql, admin = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox)
    wrapped = mysql.wrap()
    key_scope = truth_of(sandbox, "dcc-mysql")["role_assignment_scope"][0]
    [role] = {role for who, role, _ in admin.grants(key_scope).values() if who == mysql.object_id}
    admin.grant(key_scope.split("/providers/")[0], role, mysql.object_id)
    planned = program.json(*CUT, "--plan").json
    assert {p["state"] for p in planned["paths"]} == {"will_close", "stays_open"}
    sandbox.advance(600)
    done = program.json(*CUT, "--yes", "--watch")
    assert done.status == 1, done.out
    assert done.json["outcome"] == "partial"
    assert [p["state"] for p in done.json["open_paths"]] == ["stays_open"]
    assert [w["result"] for w in done.json["watch"]] != ["confirmed"]
    assert mysql.unwraps(wrapped)


def test_the_service_whose_grant_azure_refused_to_remove_is_told_as_not_cut(sandbox: Sandbox, program: Program) -> None:
    mysql, single = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped = mysql.wrap()
    both = (*CUT, "--consumer", "dcc-mysql-single")
    steps = program.json(*both, "--plan").json["steps"]
    [refused] = [step for step in steps if (step["before"] or {})["principal_id"] == single.object_id]
    sandbox.fault(f"DELETE management.azure.com*/{refused['target'].rsplit('/', 1)[-1]} status:403")
    done = program.json(*both, "--yes", "--watch")
    assert (done.status, done.json["outcome"]) == (1, "partial"), done.out
    seen = {one["consumer_id"].rsplit("/", 1)[-1]: (one["result"], one["reason"]) for one in done.json["watch"]}
    assert seen == {
        "dcc-mysql": ("confirmed", None),
        "dcc-mysql-single": ("not_confirmed", f"not cut: step {refused['n']} failed"),
    }
    assert (mysql.unwraps(wrapped), single.unwraps(wrapped)) == (False, True)
    sandbox.no_faults()
    again = program.json("resume", done.json["operation"], "--yes", "--watch")
    assert (again.status, again.json["outcome"]) == (0, "done"), again.out
    assert {one["result"] for one in again.json["watch"]} == {"confirmed"}
    assert not single.unwraps(wrapped)


def test_removing_the_decoy_alone_never_ends_as_done(sandbox: Sandbox, program: Program) -> None:
    """The cluster's own identity holds a grant that no service uses; its disk encryption set is what unwraps."""
    disks, decoy = Clients(sandbox, "dcc-des"), Clients(sandbox, "dcc-aks-id")
    wrapped = disks.wrap(AKS_KEY)
    planned = program.json("revoke", "dcc-premium/aks-encryption-key", "--consumer", "dcc-aks", "--plan").json
    closing = {p["principal"] for p in planned["paths"] if p["state"] == "will_close"}
    assert disks.object_id in closing
    assert decoy.object_id not in closing
    scope = truth_of(sandbox, "dcc-aks")["role_assignment_scope"][0]
    admin = Clients(sandbox)
    [name] = [n for n, (who, *_) in admin.grants(scope).items() if who == decoy.object_id]
    admin.remove_grant(scope, name)
    assert disks.unwraps(wrapped, AKS_KEY)
    unwatched = program.json("revoke", "dcc-premium/aks-encryption-key", "--consumer", "dcc-aks", "--yes")
    assert unwatched.status == 0, unwatched.out
    disks.await_unwraps(wrapped, wanted=False, key_id=AKS_KEY)


def test_without_yes_the_plan_is_printed_and_nothing_is_sent(sandbox: Sandbox, program: Program) -> None:
    planned = program.json(*CUT, "--plan")
    unasked = program.json(*CUT)
    assert (planned.status, unasked.status) == (0, 1)
    assert planned.json["hash"] == unasked.json["hash"]
    assert {"hash", "verb", "steps", "paths", "effects", "methods"} <= planned.json.keys()
    assert not sandbox.writes()
    assert not program.json("operations").json["operations"]


def test_who_is_cut_already_is_not_cut_by_another_method_that_cuts_its_neighbour(
    sandbox: Sandbox, program: Program
) -> None:
    neighbour = Clients(sandbox, "dcc-mysql-single")
    wrapped = neighbour.wrap()
    first = program.json(*CUT, "--yes")
    since = sandbox.last_request()
    again = program.json(*CUT, "--yes")
    assert (again.status, again.json["error"]["code"]) == (1, "refused"), again.out
    message = again.json["error"]["message"]
    assert message.startswith(
        "dcc-mysql has no grant on mysql-encryption-key any more: no path of its identity is left."
    )
    assert first.json["operation"] in message
    assert "and Azure may let in until " in message
    assert "--method" not in again.json["error"]["next"]
    assert not sandbox.writes(since)
    assert neighbour.unwraps(wrapped)


def test_what_was_given_back_is_not_given_back_twice(sandbox: Sandbox, program: Program) -> None:
    operation = program.json(*CUT, "--yes").json["operation"]
    assert program.json("undo", operation, "--yes").json["verb"] in ("undo", "restore")
    marker = sandbox.last_request()
    again = program.json("restore", operation, "--yes")
    assert again.status == 1
    assert again.json["error"]["code"] == "already-given-back"
    assert not sandbox.writes(since=marker)


def test_restore_reads_the_file_that_a_revoke_wrote(sandbox: Sandbox, program: Program) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    operation = program.json(*CUT, "--yes").json["operation"]
    [file] = program.home.glob(f"connections/*/rollback/{operation}.json")
    elsewhere = Program(program.home.with_name("another-home"), sandbox.file)
    restored = elsewhere.json("restore", str(file), "--yes", "--watch")
    assert restored.status == 0, restored.out
    mysql.await_unwraps(wrapped, wanted=True)


def test_a_leaked_key_that_nobody_can_take_out_is_good_news_and_starts_nothing(
    sandbox: Sandbox, program: Program
) -> None:
    leaked = ("revoke", KEY, "--cause", "key-leaked")
    shown = program(*leaked, "--plan")
    assert shown.status == 0
    assert "Nothing is to be done." in shown.out
    assert "It cannot start" not in shown.out
    assert program.json(*leaked, "--plan").json["steps"] == []
    refused = program(*leaked, "--yes")
    assert refused.status == 1
    assert "Nothing is to be done. Nobody but you and the services" in refused.err
    assert not sandbox.writes()


def test_a_method_that_is_held_up_names_the_one_to_type_instead(sandbox: Sandbox, program: Program) -> None:
    group = ("revoke", "dcc-lab/train-encryption-key", "--consumer", "dcc-train-mysql")
    refused = program(*group, "--yes")
    assert refused.status == 1
    assert "(--method disable)" in refused.err
    assert "(--method disable)" in program(*group, "--plan").out
    assert not sandbox.writes()
