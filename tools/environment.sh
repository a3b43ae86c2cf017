#!/bin/sh
# Makes .venv (or $VENV) hold exactly what the lock names: `sh tools/environment.sh runtime`, `... dev`, `... docs` or
# `... fuzz`. `docs` needs nothing of the package, and is made in a folder of its own (make docs).
#
# A stamp keeps the checksum of what was installed and the folder it was installed for, so that a second call
# costs nothing. `dev` contains `runtime`; `fuzz` is put on top of `dev`, and is not missed where it cannot be had. The virtual environment is made anew when the folder was moved or
# copied (its scripts hold absolute paths) or when its Python no longer runs. VENV names another folder for it.
set -eu
cd "$(dirname "$0")/.."

kind=${1:?runtime, dev, docs or fuzz}
case $kind in
    runtime) lock=requirements.txt ;;
    dev) lock=requirements-dev.txt ;;
    docs) lock=requirements-docs.txt ;;
    fuzz) lock=requirements-fuzz.txt && sh "$0" dev ;;
    *) echo "environment.sh: runtime, dev, docs or fuzz expected, got $kind" >&2; exit 2 ;;
esac
venv=${VENV:-.venv}
log=$venv/install.log

stamp_of() { cat "$@" pyproject.toml | cksum; }
fresh() { [ -f "$venv/stamp-$1" ] && [ "$(cat "$venv/stamp-$1")" = "$(stamp_of "$2")" ]; }
usable() {
    "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 &&
        { [ ! -f "$venv/place" ] || [ "$(cat "$venv/place")" = "$(pwd -P)" ]; }
}

if usable; then
    if fresh "$kind" "$lock"; then exit 0; fi
    if [ "$kind" != fuzz ] && fresh dev requirements-dev.txt; then exit 0; fi
else
    python=$(sh tools/python.sh)
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

echo "Installing into $venv ($("$venv/bin/python" -V), the versions of $lock) ..." >&2
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input install "$@"; }
if [ "$kind" = fuzz ]; then
    if ! pip --require-hashes --no-deps -r "$lock" >"$log" 2>&1; then
        echo "atheris cannot be installed here ($log); fuzzing goes on without it, blindly." >&2
    fi
    stamp_of "$lock" >"$venv/stamp-fuzz"
    exit 0
fi
rm -f "$venv/stamp-runtime" "$venv/stamp-dev" "$venv/stamp-docs"
if ! {
    pip --require-hashes --no-deps -r "$lock" &&
        # Its build backend is in the lock too, so the package itself needs nothing from outside.
        { [ "$kind" = docs ] || pip --no-index --no-deps --no-build-isolation --editable .; }
} >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    echo "The installation failed; the whole output is in $log. Is a package index reachable?" >&2
    exit 1
fi
pwd -P >"$venv/place"
stamp_of "$lock" >"$venv/stamp-$kind"
