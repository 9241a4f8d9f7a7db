#!/bin/sh
# Makes .venv from the pinned requirements, and sees to the system libraries that Qt opens at run time.
#   packaging/setup.sh run    what the program needs
#   packaging/setup.sh dev    and what the checks and tests need
# Runs again only what changed. As root on Debian and its kin missing system packages are installed; otherwise they are
# named in one line with the command that installs them.
set -eu

cd "$(dirname "$0")/.."
kind=${1:-dev}
python=${PYTHON:-python3}
venv=.venv

case $kind in
run) requirements=packaging/requirements.txt ;;
dev) requirements=packaging/requirements-dev.txt ;;
*) echo "setup.sh: “$kind” is neither run nor dev" >&2; exit 2 ;;
esac

say() { printf '%s\n' "$*" >&2; }

# install_packages PACKAGE...: with apt as root; else fails after naming them
install_packages() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing system packages: $*"
        # A fresh image has no package lists; an old one may have lists of versions that are gone.
        DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null || say "The package lists could not be renewed; trying the old ones."
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    else
        say "Missing system packages. On Debian or Ubuntu: sudo apt-get install -y --no-install-recommends $*"
        return 1
    fi
}

if ! command -v "$python" >/dev/null 2>&1; then
    say "No $python here: Python 3.11 or newer is needed (or name one: make PYTHON=/path/to/python3.12 setup)."
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "$("$python" -V) is too old: Python 3.11 or newer is needed (or name one: make PYTHON=/path/to/python3.12 setup)."
    exit 1
fi

# The environment
if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        # Debian keeps it apart, under the version's name where several Pythons are about.
        if [ "$python" = python3 ]; then package=python3-venv; else package="$(basename "$python")-venv"; fi
        install_packages "$package" || exit 1
    fi
    "$python" -m venv --clear "$venv"
fi

stamp="$venv/.stamp-$kind"
wanted=$(cat "$requirements" packaging/setup.sh | cksum; pwd)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
    say "Installing the pinned requirements ($requirements) into $venv ..."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
        --only-binary :all: -r "$requirements"
    # The program itself stays in this folder: a path file and a launcher need no build tool from the network.
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    pwd >"$site/cmk_admin.pth"
    cat >"$venv/bin/cmk-admin" <<'LAUNCHER'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -P -m cmk_admin "$@"
LAUNCHER
    chmod 755 "$venv/bin/cmk-admin"
    printf '%s\n' "$wanted" >"$stamp"
    # The larger set holds the smaller one.
    [ "$kind" = run ] || (cat packaging/requirements.txt packaging/setup.sh | cksum; pwd) >"$venv/.stamp-run"
fi

# Compiled now, so that the first start is as quick as every other; a read-only checkout starts without.
"$venv/bin/python" -m compileall -q cmk_admin || say "The program could not be compiled ahead; it starts more slowly."

# Qt's system libraries: without the first list no window at all, not even an invisible one; the second is for X11.
case $(uname -s) in Linux) ;; *) exit 0 ;; esac
needed=$("$venv/bin/python" packaging/system_libraries.py needed)
display=$("$venv/bin/python" packaging/system_libraries.py display)
if [ -n "$needed$display" ]; then
    # shellcheck disable=SC2086 # lists of package names
    if ! install_packages $needed $display; then
        [ -z "$needed" ] || exit 1
        say "Only a window on an X11 display needs these; going on."
    fi
fi
