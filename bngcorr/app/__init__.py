"""The composition root: the only place that names concrete parts. One module a process."""

from bngcorr.app.packets import PacketProcess
from bngcorr.app.parts import StartError, open_store
from bngcorr.app.web import WebProcess

__all__ = ["PacketProcess", "StartError", "WebProcess", "open_store"]
