"""Names that the grammar needs before anything else is loaded."""

WIZARD_NAMES = ("create-key", "grant", "attach", "detach", "revalidate", "repair")
"""The commands of `cli.wizards`, which knows the services and is loaded only for them."""
