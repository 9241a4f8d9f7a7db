"""Everything that stands in the window's frame: made after the first paint, which waits for none of what is loaded here."""

from collections.abc import Iterator

from cmk_admin.operations.interface import Connector
from cmk_admin.ui.actions import Actions
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.connect.install import install as install_connect
from cmk_admin.ui.connecting import Connecting
from cmk_admin.ui.details.panel import Details
from cmk_admin.ui.drill.install import install as install_drills
from cmk_admin.ui.emergency.install import install
from cmk_admin.ui.entering import Entering
from cmk_admin.ui.looking import Looking
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.palette import Palette
from cmk_admin.ui.record.install import install as install_records
from cmk_admin.ui.showing import Showing
from cmk_admin.ui.table.page import TablePage
from cmk_admin.ui.tree.view import TreeView
from cmk_admin.ui.verbs import add_verbs
from cmk_admin.ui.wizards.install import install as install_wizards


def furnish(window: MainWindow, bridge: Bridge, connector: Connector) -> Iterator[None]:
    """Furnish a window, in slices between which it may be painted. The order is that of the Tab key."""
    theme = window.theme
    window.bridge = bridge
    window.tree.put(TreeView(theme))
    window.details = Details(bridge, theme)
    window.frame.put_details(window.details)
    yield
    window.table = TablePage(bridge, theme)
    window.frame.put_table(window.table)
    if window.remembered.table.order:
        window.table.restore_layout(window.remembered.table)
    yield
    window.verbs = Actions(window, theme)
    window.connecting = Connecting(bridge, connector, window)
    window.looking = Looking(bridge, window)
    window.palette_ = Palette(window, theme, window.verbs)
    window.showing = Showing(window)
    window.entering = Entering(window)
    window.frame.door_chosen.connect(window.open)
    install_connect(window)
    install_drills(window)
    add_verbs(window)
    for verb_id in ("palette", "refresh"):
        window.strip.add_button(window.verbs.action(verb_id))
    window.menus.fill(window.verbs)
    yield
    emergency = install(window)
    install_records(window, emergency)
    wizards = install_wizards(window, emergency)
    # The verbs that stand on the page of what is selected
    for verb_id in ("refresh", "repair", "revoke"):
        window.details.header.add_button(
            window.verbs.action(verb_id),
            danger=window.verbs.verb(verb_id).danger,
            when=wizards.selected_is_lost if verb_id == "repair" else None,
        )
    window.looking.group(window.tree.current_grouping())
    window.furnished = True
