from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import CoverageProblem, Estate, Principal, PrivateEndpoint, Source
from cmk_admin.ui.details.describe import describe
from cmk_admin.ui.details.page import Grid, Page, Section
from cmk_admin.ui.selection import Selection
from cmk_admin.ui.widgets.labels import Clickable
from tests.domain import estates
from tests.ui.conftest import Windows

KEY = Selection(kind="key", key=estates.MYSQL_KEY.id, name="mysql-encryption-key")


def page(estate: Estate, selection: Selection = KEY) -> Page:
    found = describe(Index(estate), selection, estates.NOW)
    assert found is not None
    return found


def section(of: Page, name: str) -> Section:
    return next(one for one in of.sections if one.name == name)


def grid(of: Page, name: str) -> Grid:
    return next(one for one in of.grids if one.name == name)


def texts(of: Grid) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row.cells) for row in of.rows]


def test_the_overview_answers_in_the_order_of_the_questions() -> None:
    shown = page(estates.dcc())
    assert [one.title for one in shown.sections] == ["What uses it", "Who can use it", "What is wrong", "When it ends"]
    assert [line.text for line in section(shown, "used").lines] == ["dcc-mysql", "dcc-mysql-single"]
    assert [one.title for one in shown.grids] == ["Access (3)", "Consumers (2)", "Versions (2)", "Findings"]


def test_a_cluster_stands_under_its_disk_encryption_set() -> None:
    shown = page(estates.dcc(), Selection(kind="key", key=estates.AKS_KEY.id))
    lines = section(shown, "used").lines
    assert [(line.text, line.indent) for line in lines] == [("dcc-des", 0), ("dcc-aks", 1)]


def test_a_grant_that_no_service_uses_is_said_so() -> None:
    shown = page(estates.dcc(), Selection(kind="key", key=estates.AKS_KEY.id))
    rows = {row[0]: row[-1] for row in texts(grid(shown, "access"))}
    assert "no service that was read uses it" in rows["dcc-aks-id"].lower()
    assert rows["dcc-des"] == ""


def test_access_names_the_group_and_the_reach_of_each_path_and_who_could_grant_again() -> None:
    team = Principal(object_id=estates.TEAM, kind="Group", name="Payments-Ops", members=(estates.MYSQL_ID,))
    wide = estates.grant(9, f"/subscriptions/{estates.SUB}", estates.TEAM, estates.CRYPTO_OFFICER, "Group")
    rows = texts(grid(page(estates.with_grants(wide, principals=(team,))), "access"))
    assert any("group Payments-Ops → role Key Vault Crypto Officer → subscription Health" in row[1] for row in rows)
    assert any("Reaches beyond the vault" in row[4] for row in rows)
    assert any(row[0] == "administrator" and row[2] == "can grant it again" for row in rows)


@pytest.mark.parametrize("complete", [True, False])
def test_none_is_said_only_where_all_was_read(complete: bool) -> None:
    estate = estates.dcc() if complete else estates.incomplete(estates.dcc())
    shown = page(estate, Selection(kind="key", key=estates.SOFT_KEY.id))
    summary = section(shown, "used").summary
    assert summary == "No service uses this key." if complete else "Not all could" in summary


def test_a_service_without_its_data_is_the_first_thing_that_is_wrong() -> None:
    estate = estates.dcc()
    lost = replace(estates.MYSQL, state="Inaccessible")
    shown = page(replace(estate, consumers=(lost, *estate.consumers[1:])))
    assert section(shown, "wrong").lines[0].tone == "danger"
    assert "Inaccessible" in section(shown, "wrong").lines[0].text


def test_versions_say_which_are_used_and_which_are_disabled() -> None:
    off = replace(estates.MYSQL_KEY.versions[1], enabled=False)  # type: ignore[index]
    key = replace(estates.MYSQL_KEY, versions=(estates.MYSQL_KEY.versions[0], off))  # type: ignore[index]
    estate = replace(estates.dcc(), keys=(key, estates.AKS_KEY, estates.SOFT_KEY))
    rows = texts(grid(page(estate), "versions"))
    assert [(row[1], row[2], row[5]) for row in rows] == [
        ("enabled", "current", "dcc-mysql, dcc-mysql-single"),
        ("disabled", "", "no known use"),
    ]


def test_versions_that_were_not_read_are_not_called_none() -> None:
    key = replace(estates.MYSQL_KEY, versions=None)
    estate = replace(estates.dcc(), keys=(key, estates.AKS_KEY, estates.SOFT_KEY))
    assert "was not read" in grid(page(estate), "versions").empty


def test_when_it_ends_is_said_in_words() -> None:
    key = replace(estates.MYSQL_KEY, expires=estates.NOW + timedelta(days=12, hours=2))
    estate = replace(estates.dcc(), keys=(key, estates.AKS_KEY, estates.SOFT_KEY))
    end = section(page(estate), "end")
    assert (end.summary, end.tone) == ("Expires in 12 days", "caution")
    assert section(page(estates.dcc()), "end").summary == "Does not expire"


def test_a_vault_that_is_closed_says_why_and_not_that_it_is_empty() -> None:
    problem = CoverageProblem(
        scope="x", kind=FailureKind.UNREACHABLE, message="The firewall does not let this address in."
    )
    closed = replace(estates.vault("dcc-closed"), keys_from=Source.UNREAD, problem=problem)
    estate = replace(estates.dcc(), vaults=(closed,))
    shown = page(estate, Selection(kind="vault", vault_id=closed.id))
    assert section(shown, "keys").summary == "Not known"
    assert grid(shown, "keys").empty == problem.message


@pytest.mark.parametrize(
    ("endpoints", "said"),
    [
        (None, "not known"),
        ((), "none"),
        ((PrivateEndpoint(name="pe-1", endpoint_id=None, status="Approved"),), "pe-1 (approved)"),
        ((PrivateEndpoint(name="pe-1", endpoint_id=None, status=None),), "pe-1 (state not known)"),
    ],
)
def test_a_vault_names_its_private_endpoints(endpoints: tuple[PrivateEndpoint, ...] | None, said: str) -> None:
    vault = replace(estates.PREMIUM, private_endpoints=endpoints)
    estate = replace(estates.dcc(), vaults=(vault,))
    shown = page(estate, Selection(kind="vault", vault_id=vault.id))
    facts = {fact.label: fact.value for fact in shown.facts}
    assert facts["Private endpoints"] == said


def test_a_vault_that_only_a_consumer_names_has_a_page_that_says_so() -> None:
    estate = replace(estates.dcc(), vaults=(), keys=())
    shown = page(estate, Selection(kind="vault", vault_id=f"https://{estates.PREMIUM.host}"))
    assert shown.where == "not visible to this account"
    assert len(section(shown, "used").lines) == 4


def test_an_identity_that_several_services_share_is_marked() -> None:
    other = replace(estates.SINGLE, slots=estates.MYSQL.slots)
    estate = replace(estates.dcc(), consumers=(estates.MYSQL, other))
    shown = page(estate, Selection(kind="identity", principal_id=estates.MYSQL_ID))
    assert any("shared by 2" in chip.text and chip.icon for chip in shown.chips)


@pytest.mark.parametrize(
    "selection",
    [
        KEY,
        Selection(kind="vault", vault_id=estates.STANDARD.id),
        Selection(kind="consumer", consumer_id=estates.AKS.id),
        Selection(kind="service", service="mysql-flexible", name="MySQL flexible server"),
        Selection(kind="subscription", subscription_id=estates.SUB, name="Health"),
    ],
    ids=lambda one: one.kind,
)
def test_whatever_is_coloured_has_an_icon_and_a_word_too(selection: Selection) -> None:
    shown = page(estates.incomplete(estates.dcc()), selection)
    for chip in shown.chips:
        assert chip.text
        assert chip.tone == "secondary" or chip.icon, chip
    for one in shown.grids:
        for row in one.rows:
            for cell in row.cells:
                assert cell.text or cell.tone == "text"


def test_what_is_gone_is_not_described() -> None:
    assert describe(Index(estates.dcc()), Selection(kind="consumer", consumer_id="/gone"), estates.NOW) is None


def test_an_id_is_copied_whole_by_its_button(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.go(str(estates.MYSQL_KEY.id))
    windows.qtbot.waitUntil(lambda: window.findChild(QToolButton, "copy-key-id") is not None)
    button = window.findChild(QToolButton, "copy-key-id")
    assert button is not None
    button.click()
    assert QApplication.clipboard().text() == str(estates.MYSQL_KEY.id)


def test_the_tab_that_was_open_stays_open_on_the_next_key(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.go(str(estates.MYSQL_KEY.id))
    windows.qtbot.waitUntil(lambda: window.details.tabs.count() == 5)
    window.details.show_tab("versions")
    window.go(str(estates.AKS_KEY.id))
    windows.qtbot.waitUntil(lambda: window.details.header.title.text() == "aks-encryption-key")
    assert window.details.tabs.tabText(window.details.tabs.currentIndex()).startswith("Versions")


def test_a_line_of_the_overview_leads_to_what_it_names(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.go(str(estates.MYSQL_KEY.id))
    windows.qtbot.waitUntil(lambda: window.details.page is not None)
    line = window.details.findChild(Clickable, "section-used-line-0")
    assert line is not None
    QTest.keyClick(line, Qt.Key.Key_Return)
    windows.qtbot.waitUntil(lambda: window.details.header.title.text() == "dcc-mysql")
