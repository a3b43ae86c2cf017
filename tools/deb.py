"""Builds the Debian package into dist/ by dpkg-deb alone: `make deb`, on the distribution that it is for.

The program lies with all that requirements.txt locks in a virtual environment of the distribution's own Python in
/opt/payamak; units, user and folders are those of packaging/. Built twice, the package has the same octets.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from tools.dist import ROOT, build, commit_s
from tools.man_page import page

from payamak import __version__
from payamak.cli.program import build as program

PACKAGING = ROOT / "packaging"
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
VENV: Final = Path("opt/payamak")

PLACES: Final = {
    "systemd/payamak.service": "lib/systemd/system/payamak.service",
    "systemd/payamak-backup.service": "lib/systemd/system/payamak-backup.service",
    "systemd/payamak-backup.timer": "lib/systemd/system/payamak-backup.timer",
    "sysusers/payamak.conf": "usr/lib/sysusers.d/payamak.conf",
    "tmpfiles/payamak.conf": "usr/lib/tmpfiles.d/payamak.conf",
    "payamak.sh": "usr/bin/payamak",
    "debian/copyright": "usr/share/doc/payamak/copyright",
    "debian/lintian-overrides": "usr/share/lintian/overrides/payamak",
}
"""Files of packaging/, and where they lie on a system."""

COMPLETIONS: Final[dict[Literal["bash", "zsh", "fish"], str]] = {
    "bash": "usr/share/bash-completion/completions/payamak",
    "zsh": "usr/share/zsh/vendor-completions/_payamak",
    "fish": "usr/share/fish/vendor_completions.d/payamak.fish",
}

SCRIPTS: Final = ("postinst", "prerm", "postrm")

LEFT_OUT: Final = ("bin", "apsw/tests", "apsw/sqlite_extra_binaries")
"""Of the libraries, below their folder: programs, with the path of this machine in them, and tests."""


def put(path: Path, text: str | bytes, mode: int = 0o644) -> None:
    """Write a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)


def run_pip(*arguments: str) -> None:
    """Install by pip, without what would tell of this machine."""
    quiet = ("-qq", "--disable-pip-version-check", "--no-input")
    subprocess.run(
        (sys.executable, "-m", "pip", "install", *quiet, "--no-compile", "--no-deps", *arguments), check=True
    )


def locked() -> str:
    """The lock without what only builds the package."""
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.txt").read_text(encoding="utf-8"))
    return "\n".join(entry for entry in entries if not entry.startswith("flit-core=="))


def lay_environment(stage: Path, scratch: Path) -> None:
    """The virtual environment in /opt: the locked libraries, the program, both for the system's Python."""
    packages = stage / VENV / "lib" / f"python{PYTHON}" / "site-packages"
    put(scratch / "requirements.txt", locked())
    run_pip(
        "--only-binary=:all:", "--require-hashes", "--target", str(packages), "-r", str(scratch / "requirements.txt")
    )
    shutil.rmtree(packages / "bin", ignore_errors=True)
    wheel, _ = build(ROOT, scratch)
    run_pip("--no-index", "--target", str(packages), str(wheel))
    for name in LEFT_OUT:
        shutil.rmtree(packages / name, ignore_errors=True)
    for path in packages.glob("*.dist-info/direct_url.json"):  # where the wheel lay on this machine
        path.unlink()
        record = path.with_name("RECORD")
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        put(record, "".join(line for line in lines if "/direct_url.json," not in line))
    for library in packages.rglob("*.so*"):
        subprocess.run(("strip", "--strip-unneeded", str(library)), check=True)
        library.chmod(0o644)
    compiled = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(stage), "-p", "/")
    seed = {**os.environ, "PYTHONHASHSEED": "0"}  # the order of sets that are constants
    subprocess.run((sys.executable, *compiled, str(packages)), env=seed, check=True)
    put(stage / VENV / "pyvenv.cfg", f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n")
    (stage / VENV / "bin").mkdir()
    (stage / VENV / "bin" / "python3").symlink_to(f"/usr/bin/python{PYTHON}")


def lay_files(stage: Path, version: str, epoch_s: int) -> None:
    """Units, user, folders, the command, its completion, its manual."""
    for source, place in PLACES.items():
        put(stage / place, (PACKAGING / source).read_bytes(), 0o755 if place.startswith("usr/bin") else 0o644)
    for shell, place in COMPLETIONS.items():
        put(stage / place, program().generate_completion(prog_name="payamak", shell=shell))
    when = dt.datetime.fromtimestamp(epoch_s, dt.UTC)
    manual = "\n".join(page(when.date().isoformat())) + "\n"
    put(stage / "usr/share/man/man1/payamak.1.gz", gzip.compress(manual.encode(), mtime=0))
    maintainer = re.search(r"^Maintainer: (.+)$", (PACKAGING / "debian/control").read_text(), re.MULTILINE)
    assert maintainer
    news = f"payamak ({version}) stable; urgency=medium\n\n  * See CHANGELOG.md.gz beside this file.\n\n"
    signed = f"{news} -- {maintainer[1]}  {format_datetime(when)}\n"
    put(stage / "usr/share/doc/payamak/changelog.gz", gzip.compress(signed.encode(), mtime=0))
    put(stage / "usr/share/doc/payamak/CHANGELOG.md.gz", gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0))


def files_of(stage: Path) -> Iterator[Path]:
    """Every file that is installed, in order."""
    return (path for path in sorted(stage.rglob("*")) if path.is_file() and not path.is_symlink())


def lay_control(stage: Path, version: str) -> None:
    """What dpkg wants to know, and the scripts that it runs."""
    installed = list(files_of(stage))
    size_kib = sum(-(-path.stat().st_size // 1024) for path in installed)
    sums = subprocess.run(
        ("md5sum", "--", *(str(path.relative_to(stage)) for path in installed)),
        cwd=stage,
        capture_output=True,
        check=True,
    ).stdout
    architecture = subprocess.run(
        ("dpkg", "--print-architecture"), capture_output=True, text=True, check=True
    ).stdout.strip()
    control = (PACKAGING / "debian" / "control").read_text(encoding="utf-8")
    said = control.format(version=version, architecture=architecture, size_kib=size_kib, python=PYTHON)
    put(stage / "DEBIAN/control", said)
    put(stage / "DEBIAN/md5sums", sums)
    put(stage / "DEBIAN/templates", (PACKAGING / "debian" / "templates").read_bytes())
    for script in SCRIPTS:
        put(stage / "DEBIAN" / script, (PACKAGING / "debian" / script).read_bytes(), 0o755)


def make(out: Path, version: str, compression: str = "xz") -> Path:
    """Build the package into a folder, which is made; its file."""
    os.environ["SOURCE_DATE_EPOCH"] = str(commit_s(ROOT))
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="payamak-deb-") as folder:
        stage, scratch = Path(folder) / "stage", Path(folder) / "scratch"
        scratch.mkdir()
        lay_environment(stage, scratch)
        lay_files(stage, version, commit_s(ROOT))
        lay_control(stage, version)
        for path in (stage, *stage.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)  # whatever the umask is here
        made = ("dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", str(stage), str(out))
        said = subprocess.run(made, capture_output=True, text=True, check=True).stdout
    name = re.search(r"in '(.+)'", said)
    assert name, said
    return Path(name[1])


def main() -> None:
    """Build into dist/, or another folder, and say the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument(
        "--version", default=__version__, help="another version than the program's own, to try upgrades"
    )
    parser.add_argument("--compression", default="xz")
    given = parser.parse_args()
    system = Path(f"/usr/bin/python{PYTHON}")
    if not system.exists():
        parser.error(f"there is no {system}: make deb PYTHON=/usr/bin/python3 VENV=build/venv-deb")
    print(make(given.out, given.version, given.compression))


if __name__ == "__main__":
    main()
