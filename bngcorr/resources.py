"""Where the files that are not Python live: in the wheel under ``_data``, in a source tree beside the package."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Folder ``dictionaries`` or ``conf`` of this installation.

    Raises FileNotFoundError if the installation is incomplete.
    """
    for parent in (_PACKAGE / "_data", _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(f"this installation of bngcorr lacks its folder {name!r}")
