"""How people know a customer: ids, MAC, user name; and what is held."""

from __future__ import annotations

from bngcorr.cli.tables import Row, octets_text, plain


def who(row: Row) -> str:
    """Ids, MAC and user name, each once."""
    ids = [octets_text(row.get("remote_id")), octets_text(row.get("circuit_id"))]
    return "\n".join(plain(part) for part in dict.fromkeys([*ids, row.get("mac"), row.get("user_name")]) if part)


def holds(row: Row) -> str:
    """Addresses, one a line; those that AAA alone names have a * behind them."""
    return "\n".join(one["address"] + ("" if one["source"] == "accounting" else " *") for one in row["addresses"])
