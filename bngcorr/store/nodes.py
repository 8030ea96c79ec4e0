"""On which part of the store a domain lives, so that the trouble of one part does not become another's."""

from __future__ import annotations

from typing import Final, Protocol


class Nodes(Protocol):
    """What is known of the store's nodes, without asking them."""

    @property
    def undivided(self) -> bool:
        """Whether one node keeps everything, now and ever: `where` says the same of all domains and events."""
        ...

    def where(self, domain: str) -> str:
        """Name of the node that keeps a domain now; the same for all of them if there is but one."""
        ...

    def where_events(self) -> str:
        """Name of the node that keeps the verdicts for people."""
        ...

    def trouble(self, domain: str) -> str:
        """Why that node last did not answer about the domain, or did not take what was told; "" if it did."""
        ...


class OneNode:
    """A store in one piece, which does not say what is wrong with it."""

    @property
    def undivided(self) -> bool:
        """It is."""
        return True

    def where(self, _domain: str) -> str:
        """There."""
        return ""

    def where_events(self) -> str:
        """There."""
        return ""

    def trouble(self, _domain: str) -> str:
        """Nothing is known."""
        return ""


ONE_NODE: Final[Nodes] = OneNode()
