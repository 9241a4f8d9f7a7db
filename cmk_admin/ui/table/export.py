"""Writes the rows that are shown to a file, with what has to be known beside them. Runs beside the Qt thread."""

import json
from pathlib import Path

from cmk_admin import __version__
from cmk_admin.domain import mapping, wire
from cmk_admin.domain.index import Index
from cmk_admin.domain.steps import Json
from cmk_admin.domain.table import COLUMNS, Row, to_csv
from cmk_admin.operations.interface import ConnectionInfo
from cmk_admin.runtime.paths import write_private


def meta(index: Index, info: ConnectionInfo, rows: int, filters: dict[str, str]) -> dict[str, Json]:
    """Where the rows are from and what was left out of them."""
    estate = index.estate
    return {
        "connection": {
            "kind": info.kind.value,
            "tenant_id": info.account.tenant_id,
            "account": info.account.name,
            "cloud": info.account.cloud,
        },
        "read_at": wire.time_json(estate.read_at),
        "coverage": wire.coverage_json(estate.coverage),
        "version": __version__,
        "filter": dict(filters),
        "rows": rows,
    }


def write_csv(path: Path, index: Index, info: ConnectionInfo, rows: tuple[Row, ...], filters: dict[str, str]) -> Path:
    """The cells as shown, and ``FILE.meta.json`` beside them. Raises OSError."""
    text = to_csv([column.title for column in COLUMNS], [row.cells for row in rows])
    # The byte-order mark lets spreadsheets read names that are not ASCII
    write_private(path, text.encode("utf-8-sig"))
    about = json.dumps(meta(index, info, len(rows), filters), indent=2, ensure_ascii=False) + "\n"
    write_private(path.with_name(path.name + ".meta.json"), about.encode())
    return path


def write_json(path: Path, index: Index, info: ConnectionInfo, rows: tuple[Row, ...], filters: dict[str, str]) -> Path:
    """The mapping of the rows that are shown, in their order, with coverage and time. Raises OSError."""
    places = {row.id: at for at, row in enumerate(rows)}
    found = [(places.get(row_id(row), -1), row) for row in mapping.rows(index)]
    chosen = [row for at, row in sorted(((at, row) for at, row in found if at >= 0), key=lambda one: one[0])]
    whole: dict[str, Json] = {
        **meta(index, info, len(chosen), filters),
        "rows": [wire.row_json(row) for row in chosen],
    }
    write_private(path, (json.dumps(whole, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def row_id(row: mapping.MappingRow) -> str:
    """The table's id of a row of the mapping."""
    return f"{row.consumer_id}|{row.service}|{row.slot}|{row.key_id}".lower()
