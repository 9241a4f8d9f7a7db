"""The real az inside ``sandbox shell``, and the table of what it was asked to do."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CALL_SECONDS = 120.0
"""A call of az that takes longer hangs."""

WANTED = """
login
account list
keyvault list
keyvault show
keyvault create
keyvault set-policy
keyvault delete-policy
keyvault delete
keyvault list-deleted
keyvault key create
keyvault key show
keyvault key list
keyvault key list-versions
keyvault key set-attributes
keyvault key rotate
keyvault key rotation-policy show
keyvault key rotation-policy update
keyvault key backup
keyvault key restore
keyvault key encrypt
keyvault key decrypt
keyvault key sign
keyvault key verify
keyvault key delete
keyvault key list-deleted
keyvault key show-deleted
keyvault key recover
keyvault key purge
keyvault key download
role assignment list
role assignment create
role assignment delete
identity list
identity show
identity create
mysql flexible-server show
mysql flexible-server update
aks show
disk-encryption-set list
disk-encryption-set show
disk-encryption-set update
monitor activity-log list
rest
""".strip().splitlines()
"""The commands that key administrators use, all of which have to be seen at work."""


@dataclass(slots=True)
class Table:
    """Which command ran in which tests, how often, and how those tests ended."""

    calls: dict[str, list[str]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def ran(self, command: str, test: str) -> None:
        self.calls.setdefault(command, []).append(test)

    def rows(self) -> Iterator[tuple[str, int, str]]:
        """(command, calls, ``green``, ``FAILED`` or ``NOT RUN``), the wanted ones first."""
        for command in dict.fromkeys([*WANTED, *self.calls]):
            tests = self.calls.get(command, [])
            word = "NOT RUN" if not tests else "FAILED" if self.failed.intersection(tests) else "green"
            yield command, len(tests), word


@dataclass(frozen=True, slots=True)
class Az:
    """az as an administrator of the sandbox types it."""

    program: Path
    connection: Path
    table: Table
    test: str

    def __call__(self, *arguments: str) -> Any:
        """What a command prints, read from JSON; None where it prints nothing. Fails where az does."""
        done = self._run(arguments)
        assert done.returncode == 0, f"az {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, *arguments: str) -> str:
        """What az says of a command that has to fail."""
        done = self._run(arguments)
        assert done.returncode != 0, f"az {' '.join(arguments)} was not refused:\n{done.stdout}"
        return done.stderr

    def _run(self, arguments: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
        words = next((n for n, word in enumerate(arguments) if word.startswith("-")), len(arguments))
        self.table.ran(" ".join(arguments[:words]), self.test)
        return in_shell(self.connection, str(self.program), *arguments, "--output", "json")


def in_shell(connection: Path, *command: str, more: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command inside ``sandbox shell``, with some variables more."""
    shell = [sys.executable, "-P", "-m", "cmk_admin", "sandbox", "shell", "--connection-file", str(connection), "--"]
    set_more = ["env", *(f"{name}={value}" for name, value in more.items())] if more else []
    return subprocess.run(
        [*shell, *set_more, *command], capture_output=True, text=True, timeout=CALL_SECONDS, check=False
    )
