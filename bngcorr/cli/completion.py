"""`bngcorr completion`."""

from __future__ import annotations

from typing import Literal


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print what completes words in your shell: bash, zsh or fish.

        bngcorr completion bash > ~/.local/share/bash-completion/completions/bngcorr
        bngcorr completion zsh > "${fpath[1]}/_bngcorr"
        bngcorr completion fish > ~/.config/fish/completions/bngcorr.fish

    Parameters
    ----------
    shell:
        Which one.
    """
    from bngcorr.cli import app

    print(app.generate_completion(prog_name="bngcorr", shell=shell))
