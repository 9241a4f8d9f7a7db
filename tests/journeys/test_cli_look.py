"""What the command line shows of an estate, against what the sandbox knows to be true."""

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from tests.support import Document, Program, Sandbox, serve


def rows_of(document: Document) -> dict[tuple[str, str, str], Document]:
    return {(r["service"], r["consumer_id"].lower(), r["slot"]): r for r in document["rows"]}


@pytest.mark.parametrize("principal", ["administrator", "reader"])
def test_mapping_equals_the_truth_for_whoever_asks(sandbox: Sandbox, program: Program, principal: str) -> None:
    found = program.json("mapping", "--principal", principal)
    assert found.status == 0
    truth = rows_of({"rows": sandbox.truth(principal)})
    assert rows_of(found.json) == truth
    assert len(found.json["rows"]) == len(truth)


def test_the_reader_is_told_what_it_cannot_see(program: Program) -> None:
    coverage = program.json("mapping", "--principal", "reader").json["coverage"]
    assert not coverage["complete"]
    assert {"not_visible", "unreachable", "forbidden"} <= {p["kind"] for p in coverage["problems"]}
    administrator = program.json("mapping").json["coverage"]
    assert [p["kind"] for p in administrator["problems"]] == ["unreachable"]
    assert administrator["subscriptions"]["read"] == administrator["subscriptions"]["listed"] == 3


def test_planted_problems_are_found(program: Program) -> None:
    found = {problem for row in program.json("mapping").json["rows"] for problem in row["problems"]}
    assert found == {
        "shared-identity", "inherited-grant", "group-grant", "unused-grant", "disabled-version-in-use",
        "vault-unreachable", "software-key",
    }  # fmt: skip


def test_estate_holds_every_vault_with_its_keys(program: Program) -> None:
    estate = program.json("estate").json
    assert {"coverage", "read_at", "vaults", "consumers"} <= estate.keys()
    keys = {k["name"]: k for v in estate["vaults"] for k in v["keys"]}
    assert {"aks-encryption-key", "mysql-encryption-key", "archive-encryption-key"} <= keys.keys()


def test_tables_are_for_people(program: Program) -> None:
    mapping, estate = program("mapping"), program("estate")
    assert mapping.status == estate.status == 0
    assert "dcc-premium/mysql-encryption-key" in mapping.out
    assert "key mysql-encryption-key" in mapping.out
    assert "3 of 3 subscriptions read" in estate.out


def test_a_file_is_written_whole_and_for_its_owner_only(program: Program, tmp_path: Path) -> None:
    out = tmp_path / "mapping.csv"
    out.write_text("old")
    written = program("mapping", "--format", "csv", "--out", str(out))
    assert written.status == 0
    beside = tmp_path / "mapping.csv.meta.json"
    assert {stat.S_IMODE(p.stat().st_mode) for p in (out, beside)} == {0o600}
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert {r["key_name"] for r in rows} >= {"mysql-encryption-key"}
    meta = json.loads(beside.read_text())
    assert {"connection", "time", "coverage", "version", "filter"} <= meta.keys()
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["mapping.csv", "mapping.csv.meta.json"]


def test_json_into_a_file_leaves_one_object_on_standard_output(program: Program, tmp_path: Path) -> None:
    out = tmp_path / "estate.json"
    answer = program.json("estate", "--out", str(out))
    assert answer.json["written"]["file"] == str(out)
    assert "vaults" in json.loads(out.read_text())


def test_csv_on_standard_output_parses(program: Program) -> None:
    rows = list(csv.DictReader(io.StringIO(program("estate", "--format", "csv").out)))
    assert {"vault", "key_name", "key_type"} <= rows[0].keys()


def test_none_is_said_only_where_all_was_read(tmp_path: Path) -> None:
    running = serve(tmp_path / "azure", scenario="empty")
    try:
        program = Program(tmp_path / "home", running.file)
        answer = program.json("mapping")
        assert (answer.status, answer.json["rows"], answer.json["coverage"]["complete"]) == (0, [], True)
        assert "No service that this account can list uses a key." in program("mapping").out
    finally:
        running.stop()


def test_where_little_may_be_read_little_is_claimed(tmp_path: Path) -> None:
    running = serve(tmp_path / "azure", scenario="forbidden")
    try:
        answer = Program(tmp_path / "home", running.file).json("mapping")
        assert answer.status == 0
        assert not answer.json["coverage"]["complete"]
        assert answer.json["coverage"]["problems"]
        assert rows_of(answer.json) == rows_of({"rows": running.truth()})
    finally:
        running.stop()
