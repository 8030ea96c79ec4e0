"""The service itself: AAA servers, packet processes, configuration."""

from __future__ import annotations

import asyncio

import yaml
from aiohttp import web

from bngcorr.web.models.process import Process
from bngcorr.web.pages.asking import seen
from bngcorr.web.pages.site import Site
from bngcorr.web.resources.desk import Desk


class ServicePages:
    """Pages about ourselves."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site = site
        self._desk = desk

    async def upstreams(self, request: web.Request) -> web.StreamResponse:
        """GET /upstreams: AAA servers and packet processes."""
        upstreams, processes = await asyncio.gather(self._desk.upstreams.page(), self._desk.processes.page())
        return self._site.page(
            request,
            "upstreams.html",
            {
                "upstreams": upstreams.items,
                "processes": processes.items,
                "mixed": len({one.config for one in processes.items}) > 1,
                "partial": tuple(dict.fromkeys((*upstreams.partial, *processes.partial))),
            },
            section="/upstreams",
        )

    async def config(self, request: web.Request) -> web.StreamResponse:
        """GET /config: the configuration in force, without secrets, section by section."""
        config = seen(request, await self._desk.configuration.shown())
        processes: tuple[Process, ...] = (await self._desk.processes.page()).items
        sections = [
            (name, yaml.safe_dump(part, sort_keys=False, allow_unicode=True, width=100))
            for name, part in config.config.items()
        ]
        mixed = any(one.config != config.hash for one in processes)
        return self._site.page(
            request, "config.html", {"config": config, "sections": sections, "others": processes, "mixed": mixed}
        )
