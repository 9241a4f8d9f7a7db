"""Preflight and the service agree in every cell: key type, size, operations, state, dates, vault, retention, service.

Refused by the sandbox's service exactly where preflight forbids it; what preflight only warns of is accepted.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from cmk_admin.cloud import keys
from cmk_admin.cloud.inventory import read_estate
from cmk_admin.cloud.session import Session
from cmk_admin.domain.model import Estate, Key
from cmk_admin.domain.services import service as facts_of
from cmk_admin.domain.services.fitness import fits
from cmk_admin.runtime.connection import read_connection
from tests.journeys.matrix import (
    DATES,
    KINDS,
    NEW_ENGINE,
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


@pytest.mark.parametrize("service", [*SERVICES, NEW_ENGINE])
def test_preflight_and_the_service_agree_near_a_key_as_it_should_be(make: Make, service: str) -> None:
    matrix = make(service, near_cells())
    assert disagreements(matrix) == []
    blocked = {one.code for cell in matrix.cells for one in matrix.judged(cell) if one.blocks}
    assert {"key-type", "key-operations", "key-disabled", "expired", "not-yet-valid", "firewall", "tenant"} <= blocked
    assert any(not matrix.judged(cell) for cell in matrix.cells)


def test_a_key_and_vault_as_they_are_read_are_judged_like_the_draft_of_them(make: Make) -> None:
    cells = near_cells()[::7]
    matrix = make("mysql-flexible", cells)

    async def read() -> tuple[Estate, dict[str, Key]]:
        session = await Session.open(read_connection(matrix.running.file))
        try:
            estate = await read_estate(session, None)
            found = {
                str(cell.key_id): await keys.get_arm_key(session, one.id, cell.key_name)
                for cell in cells
                for one in estate.vaults
                if one.host == cell.key_id.host
            }
        finally:
            await session.close()
        return estate, found

    estate, found = asyncio.run(read())
    now = estate.read_at
    for cell in cells:
        vault = next(one for one in estate.vaults if one.host == cell.key_id.host)
        for service in SERVICES:
            facts = facts_of(service)
            draft = fits(facts, matrix.key(cell), matrix.vault(cell), now=now)
            assert fits(facts, found[str(cell.key_id)], vault, now=now) == draft, (service, cell)


@pytest.mark.full
@pytest.mark.parametrize("service", SERVICES)
def test_preflight_and_the_service_agree_in_every_cell(make: Make, service: str) -> None:
    assert disagreements(make(service, all_cells())) == []
