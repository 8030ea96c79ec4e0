"""Names of boxes and of their ports: the same in configuration, keys and store."""

from __future__ import annotations


def box_name(bng: str, host: str) -> str:
    """``bng|host``: one box of a BNG's entry; the host is empty where the entry is a single box."""
    return f"{bng}|{host}"


def shared_ports(domain: str) -> str:
    """Name of the ports that the BNGs of a domain have in common, as a multi-chassis pair has."""
    return f"~{domain}"
