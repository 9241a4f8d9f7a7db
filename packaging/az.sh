#!/bin/sh
# Installs the real clients that `make az` tries against the sandbox, each in a place of its own below build/: Microsoft's
# az in build/az-venv and, where there is node 20 or newer, its JavaScript clients in build/az-javascript.
# Runs again only what changed.
set -eu

cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=build/az-venv
javascript=build/az-javascript

say() { printf '%s\n' "$*" >&2; }

# wanted FILE...: what a stamp says that was written for these files, in this folder
wanted() { cat "$@" | cksum; pwd; }

requirements=packaging/requirements-az.txt
if [ "$(cat "$venv/.stamp" 2>/dev/null || true)" != "$(wanted "$requirements")" ]; then
    say "Installing the real az into $venv (about a minute, 700 MB) ..."
    "$python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --require-hashes -r "$requirements"
    wanted "$requirements" >"$venv/.stamp"
fi

new_enough='process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'
if ! node -e "$new_enough" 2>/dev/null || ! command -v npm >/dev/null 2>&1; then
    say "There is no node 20 or newer with npm here, so Microsoft's JavaScript clients are not tried."
    exit 0
fi
set -- packaging/az-javascript/package.json packaging/az-javascript/package-lock.json
if [ "$(cat "$javascript/.stamp" 2>/dev/null || true)" != "$(wanted "$@")" ]; then
    say "Installing Microsoft's JavaScript clients into $javascript ..."
    rm -rf "$javascript"
    mkdir -p "$javascript"
    cp "$@" "$javascript/"
    (cd "$javascript" && npm ci --silent --ignore-scripts --no-audit --no-fund)
    wanted "$@" >"$javascript/.stamp"
fi
