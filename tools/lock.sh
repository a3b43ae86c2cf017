#!/bin/sh
# Rewrites requirements.txt, requirements-dev.txt, requirements-docs.txt and requirements-fuzz.txt from pyproject.toml:
# `make lock`.
#
# One lock serves every Python from 3.11 on and every platform (markers, the hashes of all files); it names no
# index. Pinned versions stay as they are; UPGRADE=1 takes the newest.
set -eu
cd "$(dirname "$0")/.."

python=$(sh tools/python.sh)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch"
"$scratch/bin/python" -m pip --quiet --disable-pip-version-check install uv

compile() {
    "$scratch/bin/uv" --quiet pip compile --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} "$@"
}
compile pyproject.toml --group build --output-file requirements.txt
compile --group docs --constraint requirements.txt --output-file requirements-docs.txt
compile pyproject.toml --group build --group docs --group dev --constraint requirements.txt --output-file requirements-dev.txt
compile --group fuzz --output-file requirements-fuzz.txt
