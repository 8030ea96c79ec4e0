"""``python -m bngcorr``: the same as the ``bngcorr`` command."""

from bngcorr.cli import main

if __name__ == "__main__":
    main()
