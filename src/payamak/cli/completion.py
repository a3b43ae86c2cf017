"""`payamak completion`: what a shell completes after `payamak`."""

from __future__ import annotations

from typing import Literal

from payamak.cli.shell import ExitCode, unheard


def completion(shell: Literal["bash", "zsh", "fish"], /) -> int:
    """Write, for a shell, what it completes after `payamak`: commands, options and the words that they allow.

    It is made from the commands themselves: write it anew after an upgrade. A Debian package brings it along.

    Example: `payamak completion bash > ~/.local/share/bash-completion/completions/payamak`

    Example: `payamak completion zsh > "${fpath[1]}/_payamak"`

    Example: `payamak completion fish > ~/.config/fish/completions/payamak.fish`

    Parameters
    ----------
    shell
        Whose words it is written in.
    """
    from payamak.cli.program import build

    with unheard():
        print(build().generate_completion(prog_name="payamak", shell=shell), end="", flush=True)
    return ExitCode.DONE
