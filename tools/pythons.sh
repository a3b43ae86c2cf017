#!/bin/sh
# Prints every Python of the promised ones that is at hand and runs, one a line: `3.13 /path/to/python3.13`.
#
# Looked for on the PATH and among pyenv's versions, whose shims on the PATH run only what somebody has chosen. A newer
# one than these is nobody's promise yet: the lock may hold no wheels for it.
set -eu

runs() { "$1" -c "import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != ($2, $3))" >/dev/null 2>&1; }

for minor in 11 12 13 14; do
    for candidate in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$minor".*/bin/python3."$minor"; do
        if runs "$candidate" 3 "$minor"; then
            echo "3.$minor $candidate"
            break
        fi
    done
done
