"""What the store is told and asked, as octets: in C where that was built (where the request path is compiled), else in
Python.
"""

from __future__ import annotations

try:
    from bngcorr.store._rows import (
        accept,
        alone,
        array,
        command,
        entry,
        head,
        hget,
        push,
        shown,
        sighting,
        terms,
        values,
    )
except ImportError:
    from bngcorr.store.row_octets import (
        accept,
        alone,
        array,
        command,
        entry,
        head,
        hget,
        push,
        shown,
        sighting,
        terms,
        values,
    )

__all__ = (
    "accept",
    "alone",
    "array",
    "command",
    "entry",
    "head",
    "hget",
    "push",
    "shown",
    "sighting",
    "terms",
    "values",
)
