"""The wizards' verbs on the command line: the one list of them."""

from cmk_admin.cli import wizard_attach, wizard_consumer, wizard_create_key, wizard_grant
from cmk_admin.cli.wizard import Wizard

WIZARDS: dict[str, Wizard] = {
    "create-key": wizard_create_key.WIZARD,
    "grant": wizard_grant.WIZARD,
    "attach": wizard_attach.WIZARD,
    "detach": wizard_consumer.DETACH,
    "revalidate": wizard_consumer.REVALIDATE,
    "repair": wizard_consumer.REPAIR,
}
"""By the command's name; `cli.names` has the same names for the grammar."""
