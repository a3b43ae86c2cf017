"""Builds wheel and sdist of the gateway and of its client into dist/, the same octets each time: `make dist`.

The instant that stands in the archives is SOURCE_DATE_EPOCH, else the last commit's; nothing else of the machine does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flit_core import buildapi  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent

CLIENT: Final = ("__init__.py", "codes.py", "py.typed", "client")
"""What of src/payamak a program needs that only sends; tests/packaging/test_dist.py says so when it needs more."""


def commit_s(root: Path) -> int:
    """Seconds since 1970 of the last commit, or as SOURCE_DATE_EPOCH has it. Raises SystemExit where neither is."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    done = subprocess.run(("git", "log", "-1", "--format=%ct"), cwd=root, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        raise SystemExit("dist: no commit tells when this was made: set SOURCE_DATE_EPOCH to seconds since 1970")
    return int(done.stdout)


def lay_client(root: Path, folder: Path) -> None:
    """Lay the client's tree into an empty folder: its own pyproject.toml, its guide as the readme, its modules."""
    package = folder / "src" / "payamak"
    package.mkdir(parents=True)
    for name in CLIENT:
        source = root / "src" / "payamak" / name
        if source.is_dir():
            shutil.copytree(source, package / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, package / name)
    shutil.copyfile(root / "packaging" / "client" / "pyproject.toml", folder / "pyproject.toml")
    shutil.copyfile(root / "docs" / "guide" / "client.md", folder / "README.md")
    shutil.copyfile(root / "LICENSE", folder / "LICENSE")


def build(project: Path, out: Path) -> list[Path]:
    """Build wheel and sdist of a project; their files."""
    out = out.resolve()
    with chdir(project):
        return [out / buildapi.build_wheel(str(out)), out / buildapi.build_sdist(str(out))]


def make(root: Path, out: Path) -> list[Path]:
    """Build all four files of a tree into a folder, which is made."""
    os.environ["SOURCE_DATE_EPOCH"] = str(commit_s(root))
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="payamak-client-") as folder:
        lay_client(root, Path(folder))
        return [*build(root, out), *build(Path(folder), out)]


def main() -> None:
    """Build into dist/, or the folder that is given, and say the digests."""
    for path in make(ROOT, Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    main()
