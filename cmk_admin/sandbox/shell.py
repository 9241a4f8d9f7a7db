"""``cmk-admin sandbox shell``: run a real client against a sandbox, out of reach of any live account."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import connection

BAD_INPUT = 2
_DESCRIPTION = (
    "Run a real client against a sandbox, out of reach of any live account: it gets the sandbox's proxy, CA and"
    " administrator, and a configuration folder of its own. Without a connection file it gets a sandbox for itself."
)
# Where the environment already names a running sandbox: set inside a shell, so that shells nest.
FILE_VARIABLE = "CMK_ADMIN_SANDBOX_CONNECTION"
# What makes a client look for, or present, a live account. All that begins so is taken out of the environment.
_LIVE = ("AZURE_", "ARM_", "MSI_", "IDENTITY_", "IMDS_", "AAD_", "SERVICE_PRINCIPAL_")
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
# The time an own sandbox has to become ready. Real seconds.
_READY = 30.0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def main(argv: Sequence[str]) -> int:
    """Run a command with the proxy, the CA and a configuration folder of the sandbox; its exit status.

    Without a connection file, in the options or the environment, a sandbox of its own is started for the command.
    """
    try:
        file, command = _options(argv)
        if file is not None:
            return _run(command, file)
        return _run_with_own(command)
    except ValueError as error:
        print(f"cmk-admin sandbox shell: {error}", file=sys.stderr)
        return BAD_INPUT


def environment(described: Mapping[str, Any], file: Path, outside: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a client sees this sandbox and no live account."""
    inside = {name: value for name, value in outside.items() if not name.upper().startswith(_LIVE)}
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        # Plain HTTP goes to the proxy too, which refuses it: else a client on a virtual machine would get a live token
        # from the machine's own identity endpoint.
        inside[name] = inside[name.lower()] = described["proxy"]
    inside["NO_PROXY"] = inside["no_proxy"] = "127.0.0.1,localhost"
    inside.update(dict.fromkeys(_CA_VARIABLES, described["ca_file"]))
    folder = Path(described["ca_file"]).parent / "shell"
    for name, value in (("AZURE_CONFIG_DIR", "azure"), ("AZD_CONFIG_DIR", "azd")):
        private = folder / value
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        inside[name] = str(private)
    administrator = described["principals"].get("administrator")
    if administrator is not None:
        inside["AZURE_TENANT_ID"] = described["tenant_id"]
        inside["AZURE_CLIENT_ID"] = administrator["client_id"]
        inside["AZURE_CLIENT_SECRET"] = administrator["secret"]
    # The proxy refuses it anyway, and az would keep trying.
    inside["AZURE_CORE_COLLECT_TELEMETRY"] = "false"
    inside[FILE_VARIABLE] = str(file)
    return inside


def _options(argv: Sequence[str]) -> tuple[Path | None, list[str]]:
    usage = "%(prog)s [-h] [--connection-file FILE] -- COMMAND [ARGUMENT ...]"
    parser = _Parser(prog="cmk-admin sandbox shell", usage=usage, description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "--connection-file",
        type=Path,
        metavar="FILE",
        help="of a running sandbox; without it, one is started for the command",
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="what to run, with its arguments")
    own, dashes, command = _split(list(argv))
    options = parser.parse_args([*own, *(["--", *command] if dashes else [])])
    named = options.connection_file or os.environ.get(FILE_VARIABLE)
    return (Path(named).absolute() if named else None), list(options.command)


def _split(argv: list[str]) -> tuple[list[str], bool, list[str]]:
    if "--" not in argv:
        return argv, False, []
    at = argv.index("--")
    return argv[:at], True, argv[at + 1 :]


def _run(command: list[str], file: Path) -> int:
    inside = environment(connection.read(file), file, os.environ)
    try:
        done = subprocess.run(command, env=inside, check=False)
    except OSError as error:
        raise ValueError(f"{command[0]} cannot be run: {error.strerror}") from error
    except KeyboardInterrupt:
        return 130
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _run_with_own(command: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="cmk-admin-shell-") as temporary:
        file = Path(temporary) / "connection.json"
        serve = "import sys; from cmk_admin.sandbox.serve import main; sys.exit(main(sys.argv[1:]))"
        arguments = ["--connection-file", str(file), "--speed", "60", "--exit-with-stdin"]
        with subprocess.Popen([sys.executable, "-c", serve, *arguments], stdin=subprocess.PIPE) as own:
            try:
                _await_ready(own, file)
                return _run(command, file)
            finally:
                assert own.stdin is not None
                own.stdin.close()
                own.wait(_READY)


def _await_ready(own: "subprocess.Popen[bytes]", file: Path) -> None:
    left = _READY
    while not file.exists():
        try:
            own.wait(0.05)
        except subprocess.TimeoutExpired:
            left -= 0.05
            if left > 0:
                continue
        raise ValueError("its own sandbox did not start")
