"""Preflight and the service agree in every cell: key type, size, operations, state, dates, vault, retention, service.

Refused by the sandbox's service exactly where preflight forbids it; what preflight only warns of is accepted.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.journeys.matrix import (
    DATES,
    KINDS,
    OPERATIONS,
    RETENTIONS,
    SERVICES,
    STATES,
    VAULTS,
    Cell,
    Matrix,
    all_cells,
    disagreements,
    near_cells,
)

Make = Callable[[str, Iterable[Cell]], Matrix]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Matrix] = []

    def new(service: str, cells: Iterable[Cell]) -> Matrix:
        folder = tmp_path / service
        folder.mkdir()
        made.append(Matrix(folder, service, cells))
        return made[-1]

    yield new
    for one in made:
        one.close()


def test_the_matrix_is_the_whole_product() -> None:
    rsa = sum(not kty.startswith("EC") for kty, _ in KINDS)
    kinds = rsa * (len(OPERATIONS) - 1) + len(KINDS) - rsa
    cells = all_cells()
    assert len(cells) == kinds * len(STATES) * len(DATES) * len(VAULTS) * len(RETENTIONS)
    assert len({cell.key_id for cell in cells}) == len(cells)
    assert set(near_cells()) < set(cells)


@pytest.mark.parametrize("service", SERVICES)
def test_preflight_and_the_service_agree_near_a_key_as_it_should_be(make: Make, service: str) -> None:
    matrix = make(service, near_cells())
    assert disagreements(matrix) == []
    blocked = {one.code for cell in matrix.cells for one in matrix.judged(cell) if one.blocks}
    assert {"key-type", "key-operations", "key-disabled", "expired", "not-yet-valid", "firewall", "tenant"} <= blocked
    assert any(not matrix.judged(cell) for cell in matrix.cells)


@pytest.mark.full
@pytest.mark.parametrize("service", SERVICES)
def test_preflight_and_the_service_agree_in_every_cell(make: Make, service: str) -> None:
    assert disagreements(make(service, all_cells())) == []
