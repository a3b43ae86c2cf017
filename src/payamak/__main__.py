"""`python -m payamak`: the same as the `payamak` command."""

from payamak.cli import main

if __name__ == "__main__":
    main()
