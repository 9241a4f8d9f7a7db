"""The log takes what is on its list and nothing else."""

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.runtime.log import close_log, open_log


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    handler = open_log(tmp_path)
    yield tmp_path
    close_log(handler)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_a_record_is_one_json_line_with_listed_fields_only(folder: Path) -> None:
    topic = logging.getLogger("cmk_admin.cloud")
    topic.info("step sent", extra={"operation": "op1", "status": 202, "token": "eyJ-secret", "headers": {"a": "b"}})
    (line,) = lines(folder)
    assert line.pop("time")
    assert line == {
        "level": "info",
        "topic": "cmk_admin.cloud",
        "message": "step sent",
        "operation": "op1",
        "status": 202,
    }


def test_arguments_and_exception_texts_are_left_out(folder: Path) -> None:
    topic = logging.getLogger("cmk_admin.cloud")
    try:
        raise ValueError("Bearer eyJ-secret")
    except ValueError:
        topic.exception("it failed with %s", "eyJ-secret")
    (line,) = lines(folder)
    assert line["error"] == "ValueError"
    assert line["at"]
    assert "eyJ-secret" not in json.dumps(line)


def test_the_file_is_private_and_the_sdk_does_not_write_to_it(folder: Path) -> None:
    logging.getLogger("cmk_admin").warning("ours")
    logging.getLogger("azure.core").warning("theirs")
    assert [line["message"] for line in lines(folder)] == ["ours"]
    assert stat.S_IMODE((folder / "log.jsonl").stat().st_mode) == 0o600


def test_a_log_that_cannot_be_written_is_said_once_and_without_what_it_would_have_held(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "log.jsonl").mkdir()
    topic = logging.getLogger("cmk_admin.cloud")
    for _ in range(2):
        topic.info("sent %s", "eyJ-secret")
    assert capsys.readouterr().err == f"The log {folder / 'log.jsonl'} cannot be written: Is a directory.\n"
