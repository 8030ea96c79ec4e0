"""The API's own description, to be read without a script and without the network."""

from __future__ import annotations

from aiohttp import web

from bngcorr import __version__
from bngcorr.web.openapi import document
from bngcorr.web.operations import operations
from bngcorr.web.pages.site import Site
from bngcorr.web.reference import reference
from bngcorr.web.resources.desk import Desk


class Reference:
    """Of all operations."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site = site
        self._laid_out = reference(document(operations(desk), __version__))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET /docs."""
        return self._site.page(request, "reference.html", {"api": self._laid_out})
