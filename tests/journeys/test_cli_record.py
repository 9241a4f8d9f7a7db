"""The record on the command line: after a death, through a resume and a closed incident; and what must never be in it."""

import json
import re
import stat
from pathlib import Path

import pytest

from tests.journeys.test_cli_kill import REVOKE, REVOKE_BOUNDARIES, everyday, kill_at
from tests.support import Document, Program, Sandbox


def verified(program: Program, file: Path, *arguments: str) -> Document:
    answer = program.json("verify", str(file), *arguments)
    assert answer.status == 0, answer.out
    return answer.json


def exported(program: Program, operation: str, ending: str, folder: Path) -> Path:
    file = folder / f"{operation}.{ending}"
    answer = program("record", operation, "--format", ending, "--out", str(file))
    assert answer.status == 0, answer.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file


@pytest.mark.parametrize(("step", "event"), everyday(REVOKE_BOUNDARIES, (1, "sent")))
def test_a_record_survives_a_death_and_is_complete_when_the_incident_is_closed(
    sandbox: Sandbox, program: Program, tmp_path: Path, step: int, event: str
) -> None:
    operation = kill_at(program, (*REVOKE, "--reason", "leaked"), step, event)
    first = exported(program, operation, "jsonl", tmp_path)
    left = verified(program, first)
    assert left["state"] == "interim"
    begun = first.read_text()

    resumed = program.json("resume", operation, "--yes", "--watch")
    assert resumed.status == 0, resumed.out
    assert verified(program, exported(program, operation, "json", tmp_path))["state"] == "interim"
    sandbox.advance(600)
    assert program.json("close", operation).status == 0
    whole = exported(program, operation, "jsonl", tmp_path)
    assert whole.read_text().startswith(begun)
    said = verified(program, whole)
    assert said["state"] == "complete"
    # Against the head that was kept of the interim one, what came since is named
    grown = program.json("verify", str(whole), "--head", str(left["head"]))
    assert (grown.status, grown.json["first_bad"]) == (1, int(left["entries"]) + 1)

    pdf = exported(program, operation, "pdf", tmp_path).read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 1
    assert program.json("verify", str(tmp_path / f"{operation}.pdf")).status == 2
    page = exported(program, operation, "html", tmp_path).read_text()
    assert str(said["head"]) in page
    assert "INTERIM" not in page
    # A write whose answer was lost with the process has no id to look it up by
    steps = [entry["facts"] for line in whole.read_text().splitlines() if (entry := json.loads(line))["kind"] == "step"]
    assert page.count("Delete role assignment, ") == len({one["n"] for one in steps if one["correlation_id"]})
    assert "Gone on with by administrator" in page

    secrets = [one["secret"] for one in sandbox.described["principals"].values() if one.get("secret")]
    assert secrets
    for text in (whole.read_text(), page, (tmp_path / f"{operation}.json").read_text()):
        # How every token of Entra's begins, and how a request carries it
        assert not [one for one in (*secrets, "eyJ", "Bearer", sandbox.control) if one in text]


def test_a_pdf_needs_a_file(program: Program) -> None:
    refused = program("record", "0123456789ab", "--format", "pdf")
    assert refused.status == 2
    assert "A PDF needs --out FILE." in refused.err
