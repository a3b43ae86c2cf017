"""The command line. One file per group of commands; what needs time to import is imported by the command itself."""

from __future__ import annotations


def main() -> None:
    """The entry point `payamak`: run the command of sys.argv and exit with its code (payamak.cli.shell.ExitCode)."""
    import sys

    from payamak.cli.program import run

    sys.exit(run(sys.argv[1:]))
