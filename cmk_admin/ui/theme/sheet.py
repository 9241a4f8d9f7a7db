"""The small style sheet: what the palette alone cannot say. Widgets name their part by the dynamic property ``role``."""

from string import Template

from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Colors
from cmk_admin.ui.theme.resources import folder

_SHEET = Template("""
QWidget { font-size: ${text_px}px; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 6px; }

QLabel[role="title"] { font-size: ${title_px}px; font-weight: 600; }
QLabel[role="hero"] { font-size: 24px; font-weight: 600; }
QLabel[role="door"] { font-size: 15px; font-weight: 600; }
QLabel[role="section"] { font-size: ${text_px}px; font-weight: 600; }
QLabel[role="secondary"] { font-size: ${small_px}px; color: $secondary; }
QLabel[role="quiet"] { color: $secondary; }
QLabel[role="danger"] { color: $danger; }
QLabel[role="caution"] { color: $caution; }
QLabel[role="confirmed"] { color: $confirmed; }
QLabel[role="unknown"] { color: $unknown; }

QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: 6px; }
QFrame[role="strip"] { background: $surface; border: none; border-bottom: 1px solid $border; }
QFrame[role="surface"], QWidget[role="surface"] { background: $surface; border: none; }
QFrame[role="side"] { background: $surface; border: none; border-right: 1px solid $border; }
QWidget[role="page"] { background: $window; }
QFrame[role="row"], QFrame[role="plain-row"] { background: transparent; border: 1px solid transparent; border-radius: 4px; }
QFrame[role="row"]:hover { background: $hover; }
QFrame[role="row"]:focus { border-color: $accent; }
QFrame[role="chip"] { background: $unknown_soft; border: none; border-radius: 11px; }
QFrame[role="chip"][tone="danger"] { background: $danger_soft; }
QFrame[role="chip"][tone="caution"] { background: $caution_soft; }
QFrame[role="chip"][tone="confirmed"] { background: $confirmed_soft; }
QLabel[role="chip"] { color: $text; font-size: ${small_px}px; }
QFrame[role="chip"] QLabel { font-size: ${small_px}px; }
QLabel[role="pill"] {
  font-size: ${small_px}px; font-weight: 600; color: #ffffff; border-radius: 11px; padding: 0 12px;
}
QLabel[role="pill"][tone="sandbox"] { background: $sandbox_fill; }
QLabel[role="pill"][tone="drill"] { background: transparent; color: $on_drill; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="pill"][tone="live"] { background: $text; color: $surface; }
QFrame[role="message"] { background: $raised; border: none; border-bottom: 1px solid $border; }
QFrame[role="message"][tone="caution"] { background: $caution_soft; }
QFrame[role="message"][tone="danger"] { background: $danger_soft; }
QFrame[role="message"][tone="confirmed"] { background: $confirmed_soft; }
QFrame[role="palette"] { background: $surface; border: 1px solid $control; border-radius: 8px; }
QFrame[role="line"] { background: $border; border: none; max-height: 1px; min-height: 1px; }

QPushButton {
  background: $surface; color: $text; border: 1px solid $control; border-radius: 5px;
  padding: 0 14px; min-height: ${target_px}px;
}
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $selected; }
QPushButton:focus { border: 2px solid $accent; padding: 0 13px; }
QPushButton:disabled { color: $disabled; border-color: $border; background: $window; }
QPushButton[role="primary"] { background: $accent_fill; color: $on_accent; border-color: $accent_fill; font-weight: 600; }
QPushButton[role="primary"]:hover { background: $accent; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled { background: $window; color: $disabled; border-color: $border; }
QPushButton[role="danger"] { background: $danger_fill; color: $on_danger; border-color: $danger_fill; font-weight: 600; }
QPushButton[role="danger"]:hover { background: $danger_hover; }
QPushButton[role="danger"]:focus { border: 2px solid $text; }
QPushButton[role="danger"]:disabled { background: $window; color: $disabled; border-color: $border; }
QPushButton[role="link"] { background: transparent; border: none; color: $accent; padding: 0 2px; min-height: 24px; }
QPushButton[role="link"]:disabled { background: transparent; color: $disabled; }
QPushButton[role="link"]:hover { text-decoration: underline; }
QPushButton[role="link"]:focus { border: 1px solid $accent; padding: 0 1px; border-radius: 3px; }

QToolButton { background: transparent; color: $text; border: 1px solid transparent; border-radius: 5px; padding: 3px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $selected; }
QToolButton:focus { border: 1px solid $accent; }
QToolButton:disabled { color: $disabled; }

QPushButton[role="danger-outline"] { color: $danger; border-color: $danger; }
QPushButton[role="danger-outline"]:hover { background: $danger_soft; }

QLineEdit, QComboBox, QPlainTextEdit, QTextEdit, QAbstractSpinBox {
  background: $surface; color: $text; border: 1px solid $control; border-radius: 5px;
  selection-background-color: $accent_fill; selection-color: $on_accent;
}
QLineEdit, QComboBox, QAbstractSpinBox { min-height: ${field_px}px; padding: 0 6px; }
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus {
  border: 2px solid $accent; padding: 0 5px;
}
QLineEdit[role="column-filter"] { min-height: 20px; border-color: $border; padding: 0 4px; }
QLineEdit[role="column-filter"]:focus { border: 1px solid $accent; padding: 0 4px; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled {
  color: $disabled; border-color: $border; background: $window;
}
QLineEdit[role="value"] { background: transparent; border: 1px solid transparent; padding: 0; min-height: 22px; }
QLineEdit[role="value"]:focus { border: 1px solid $accent; padding: 0; }
QComboBox::drop-down, QDateTimeEdit::drop-down { border: none; width: 24px; }
QComboBox::down-arrow, QDateTimeEdit::down-arrow { image: url("$arrow"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $border; outline: none; padding: 4px; }

QAbstractScrollArea { background: $surface; border: none; }
QTreeView, QTableView, QListView { background: $surface; alternate-background-color: $raised; border: none; outline: none; }
QTableView::item { padding: 0 5px; border: none; }
QTableView::item:selected { background: $selected; color: $text; }
QTableView::item:focus { border: 1px solid $accent; }
QHeaderView { background: $window; border: none; }
QHeaderView::section {
  background: $window; color: $secondary; border: none; border-bottom: 1px solid $border; border-right: 1px solid $border;
  padding: 0 8px; min-height: ${target_px}px; font-size: ${small_px}px; font-weight: 600;
}
QTableCornerButton::section { background: $window; border: none; }

QTabWidget::pane { border: none; border-top: 1px solid $border; }
QTabBar { qproperty-drawBase: 0; background: transparent; border: none; }
QTabBar::tab {
  background: transparent; color: $secondary; border: none; border-bottom: 2px solid transparent;
  padding: 7px 4px 6px 4px; margin: 0 10px;
}
QTabBar::tab:hover { color: $text; border-bottom-color: $border; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:focus { color: $accent; }
QTabBar::tab:disabled { color: $disabled; }

QTabBar[role="pages"]::tab { padding: 9px 6px 7px 6px; margin: 0 8px; }

QMenuBar { background: $window; color: $text; border-bottom: 1px solid $border; padding: 2px 4px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected { background: $selected; }
QMenu { background: $surface; color: $text; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 8px; border-radius: 4px; }
QMenu::item:selected { background: $selected; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $border; margin: 4px 6px; }
QMenu::icon { padding-left: 8px; }

QSplitter::handle { background: $border; }
QSplitter::handle:hover { background: $accent; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }

QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: $control; border: 3px solid $surface; border-radius: 6px; min-height: 32px; min-width: 32px; }
QScrollBar::handle:hover { background: $secondary; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar { background: $unknown_soft; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent_fill; border-radius: 3px; }
QCheckBox, QRadioButton { spacing: 8px; min-height: 24px; }
QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid $control; border-radius: 8px; background: $surface; }
QRadioButton::indicator:hover, QRadioButton::indicator:focus { border-color: $accent; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid $accent_fill; background: $on_accent; }
QRadioButton::indicator:disabled { border-color: $border; background: $window; }
QRadioButton::indicator:checked:disabled { border-color: $disabled; }
QRadioButton:disabled { color: $disabled; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $control; border-radius: 3px; background: $surface; }
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked { border-color: $accent_fill; background: $accent_fill; image: url("$tick"); }
QCheckBox::indicator:disabled { border-color: $border; background: $window; }
QCheckBox:disabled { color: $disabled; }
QCheckBox:focus, QRadioButton:focus { color: $accent; }
QListView[role="steps"] { background: transparent; }
QListView[role="steps"]::item { border-radius: 4px; padding-left: 6px; }
QListView[role="steps"]::item:selected { background: $selected; color: $text; }
QListView[role="steps"]::item:hover:enabled { background: $hover; }
QListView[role="steps"]::item:focus { border: 1px solid $accent; }
QTableView[role="boxed"], QPlainTextEdit[role="boxed"] { border: 1px solid $control; border-radius: 5px; padding: 2px; }
QTableView[role="boxed"]:focus, QPlainTextEdit[role="boxed"]:focus { border-color: $accent; }
QStatusBar { background: $window; color: $secondary; border-top: 1px solid $border; }
QDialog { background: $surface; }
""")


def sheet(colors: Colors) -> str:
    """The style sheet in one palette."""
    fields = {name: getattr(colors, name) for name in colors.__dataclass_fields__}
    return _SHEET.substitute(
        fields,
        text_px=sizes.TEXT,
        small_px=sizes.SMALL,
        title_px=sizes.TITLE,
        target_px=sizes.TARGET,
        field_px=sizes.TARGET - 2,
        tick=(folder() / "style" / f"tick-{'dark' if colors.dark else 'light'}.svg").as_posix(),
        arrow=(folder() / "style" / f"arrow-{'dark' if colors.dark else 'light'}.svg").as_posix(),
    )
