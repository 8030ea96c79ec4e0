"""Settings and subscribers that several of these tests share."""

from __future__ import annotations

from dataclasses import dataclass

from tests.service.aaa import Aaa
from tests.service.process import Settings, upstream
from tests.service.radius import CONNECT_INFO, USER_NAME, Bng, Packet, attribute, cpe, line

SECRET = b"between-bng-and-proxy"


def one_bng(aaa: Aaa, **of_bng: object) -> Settings:
    """A single BNG at 127.0.0.1, with a window of five seconds and no hold."""
    return {
        "upstream": upstream(aaa),
        "bngs": [{"name": "bng1", "address": "127.0.0.1", "secret": SECRET.decode(), "hold": "0s", **of_bng}],
    }


@dataclass(frozen=True, slots=True)
class Cpe:
    """A subscriber: his line, and how the BNG sees him."""

    number: int

    @property
    def mac(self) -> str:
        """Globally administered, one for each number."""
        return f"00:0e:8f:00:{self.number // 256:02x}:{self.number % 256:02x}"

    @property
    def port(self) -> str:
        """N:1 VLANs: all of them on one."""
        return "1/1/4:100.20"

    @property
    def remote_id(self) -> bytes:
        """As DHCPv4 carries it."""
        return f"olt7/{self.number}".encode()

    @property
    def circuit_id(self) -> bytes:
        """The same for both families."""
        return f"olt7 eth 1/{self.number}".encode()

    @property
    def line(self) -> bytes:
        """Both ids as attributes."""
        return line(self.remote_id, self.circuit_id)

    def access(self, bng: Bng, serial: str, ids: bytes = b"") -> Packet:
        """An Access-Request with these ids, or none."""
        return bng.access(self.attributes(serial) + ids)

    def attributes(self, serial: str) -> bytes:
        """What the BNG says of him beside the ids; `serial` finds the request again at AAA."""
        return attribute(USER_NAME, serial) + attribute(CONNECT_INFO, serial) + cpe(self.mac, self.port)
