#!/bin/sh
# Prints the Python to build .venv with: $PYTHON if given, else the first that runs, is 3.11 or newer, and has venv.
set -eu

runs() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

candidates=${PYTHON:-"python3.13 python3.12 python3.11 python3.14 python3"}
without_venv=
# A name on the PATH may be a shim that cannot run: only starting it tells.
for candidate in $candidates; do
    if runs "$candidate"; then
        if has_venv "$candidate"; then
            echo "$candidate"
            exit 0
        fi
        without_venv=${without_venv:-$candidate}
    fi
done

if [ -n "$without_venv" ]; then
    echo "Payamak: $without_venv is new enough but lacks the venv module."
    echo "  Debian, Ubuntu:  apt install python3-venv"
else
    echo "Payamak needs Python 3.11 or newer; tried without success: $candidates"
    echo "  Debian 12, Ubuntu 24.04 or newer:  apt install python3 python3-venv"
    echo "  macOS:                             brew install python@3.13"
fi >&2
echo "  Or name one yourself:  make PYTHON=/path/to/python3.13 ..." >&2
exit 1
