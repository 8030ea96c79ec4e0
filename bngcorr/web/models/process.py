"""Packet processes, as they say of themselves."""

from __future__ import annotations

from bngcorr.web.models.model import Instant, Model


class TraceAt(Model):
    """A trace in one packet process."""

    trace: str
    requests: int
    """kept by this process so far"""
    full: bool
    """it keeps no more"""


class Process(Model):
    """A `bngcorr serve` that was heard of within the last 10 s."""

    id: str
    host: str
    pid: int
    version: str
    started_at: Instant
    told_at: Instant
    """when it last said so"""
    config: str
    """hash of the file that holds"""
    loaded_at: Instant
    needs_restart: tuple[str, ...]
    """keys of the file that do not hold yet"""
    ready: bool
    parts: dict[str, str]
    """what `/readyz` tells of store, upstreams and spool"""
    bngs: int
    in_flight: dict[str, int]
    """requests that wait for AAA, by kind"""
    traces: tuple[TraceAt, ...]
