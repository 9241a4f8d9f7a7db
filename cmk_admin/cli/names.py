"""What the grammar says of the wizards' verbs before any of them is loaded."""

WIZARD_NAMES = {
    "create-key": "make a key, as the service that it is for needs it",
    "grant": "let an identity use a key, with the least role that it needs",
    "attach": "encrypt a service with a key",
    "detach": "give a service its platform-managed key back, where Azure allows it",
    "revalidate": "ask a service to try its key again",
    "repair": "find out what a service that lost its key lacks, and give it back",
}
"""The commands of `cli.wizards`, which knows the services and is loaded only for them, with what each does."""
