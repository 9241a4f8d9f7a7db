"""What may be typed for a revoke."""

import argparse

_METHODS = (
    "grants: remove what lets the services use the key; disable: every enabled version of it; operations: take unwrapKey"
    " and decrypt from them; firewall: shut the vault, to trusted services too; delete: recoverable (default: what is right"
    " for the cause; grants where a consumer is named, else disable)"
)
_CAUSES = (
    "what happened: service: a service or identity must lose its data now (default); key-leaked: the key itself may be in"
    " foreign hands; operator: an account is suspect (name it by --identity); unknown"
)


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments of “revoke”."""
    parser.add_argument("target", metavar="VAULT/KEY", help="the key, by VAULT/KEY or by its id")
    parser.add_argument(
        "--consumer", action="append", metavar="NAME|ID", help="cut this service off; may be given several times"
    )
    parser.add_argument(
        "--identity", action="append", metavar="NAME|ID", help="cut this identity off; may be given several times"
    )
    methods = ("grants", "disable", "operations", "firewall", "delete")
    parser.add_argument("--method", metavar="NAME", choices=methods, help=_METHODS)
    causes = ("service", "key-leaked", "operator", "unknown")
    parser.add_argument("--cause", metavar="NAME", choices=causes, help=_CAUSES)
    parser.add_argument(
        "--also",
        action="append",
        metavar="CHOICE",
        help="do this as well, of what the plan offers besides; may be given several times",
    )
