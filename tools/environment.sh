#!/bin/sh
# Makes .venv hold exactly what the lock names: `sh tools/environment.sh runtime` or `... dev`.
#
# A stamp keeps the checksum of what was installed and the folder it was installed for, so that a second call
# costs nothing. `dev` contains `runtime`. The virtual environment is made anew when the folder was moved or
# copied (its scripts hold absolute paths) or when its Python no longer runs.
set -eu
cd "$(dirname "$0")/.."

kind=${1:?runtime or dev}
case $kind in
    runtime) lock=requirements.txt ;;
    dev) lock=requirements-dev.txt ;;
    *) echo "environment.sh: runtime or dev expected, got $kind" >&2; exit 2 ;;
esac
venv=.venv
log=$venv/install.log

stamp_of() { cat "$@" pyproject.toml | cksum; }
fresh() { [ -f "$venv/stamp-$1" ] && [ "$(cat "$venv/stamp-$1")" = "$(stamp_of "$2")" ]; }
usable() {
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 &&
        { [ ! -f "$venv/place" ] || [ "$(cat "$venv/place")" = "$(pwd -P)" ]; }
}

if usable; then
    if fresh dev requirements-dev.txt || fresh "$kind" "$lock"; then exit 0; fi
else
    python=$(sh tools/python.sh)
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

echo "Installing into $venv ($("$venv/bin/python" -V), the versions of $lock) ..." >&2
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input install "$@"; }
rm -f "$venv/stamp-runtime" "$venv/stamp-dev"
if ! {
    pip --require-hashes --no-deps -r "$lock" &&
        # Its build backend is in the lock too, so the package itself needs nothing from outside.
        pip --no-index --no-deps --no-build-isolation --editable .
} >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    echo "The installation failed; the whole output is in $log. Is a package index reachable?" >&2
    exit 1
fi
pwd -P >"$venv/place"
stamp_of "$lock" >"$venv/stamp-$kind"
