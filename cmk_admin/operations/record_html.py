"""A record as a page for reading: self-contained, without scripts. Whatever stands in the record is text, never markup.

Part of `interface`, and apart from it only because Jinja2 is loaded when a page is wanted, not before. What stands where
is decided in `record_parts`; the page keeps to what both a browser and Qt's rich text know.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.record import Record
from cmk_admin.operations import record_parts as parts


def to_html(record: Record) -> str:
    """The page. Raises FileNotFoundError where the installation is incomplete, BadInput ``bad-record``: it cannot be told."""
    try:
        return _page(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # A chain can be right in itself and yet say what no version of the program wrote
        raise BadInput(
            "bad-record",
            "The record says something in a form that this version of the program does not know, so that no page can be "
            "made of it.",
            subject=record.operation,
            next="As JSON it can be kept and verified all the same.",
        ) from error


def _page(record: Record) -> str:
    environment = Environment(autoescape=True, loader=FileSystemLoader(_folder()), undefined=StrictUndefined)
    return environment.get_template("record.html").render(
        record=record,
        title=parts.title(record),
        about=parts.about(record),
        steps=parts.steps(record),
        activity=parts.activity(record),
        watches=parts.watches(record),
        paths=parts.paths(record),
        still_open=parts.still_open(record),
        alarms=parts.alarms(record),
        incident=parts.incident(record),
        given_back=parts.given_back(record),
        lost=parts.lost(record),
        course=parts.course(record),
        small=parts.small_print(record),
        absent=parts.absent(record),
        entries=parts.entries(record),
    )


def _folder() -> Path:
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_resources", package.parent / "resources"):
        if (place / "records").is_dir():
            return place / "records"
    raise FileNotFoundError("the program's resources (records) are missing from this installation")
