"""TCP handshakes in a tunnel (6in4 and its like) whose SYN/ACK comes again and again.

Was the client's ACK seen before a SYN/ACK came again, it was lost behind this point; was it not, before this point. A
server that still waits for data (TCP_DEFER_ACCEPT) repeats its SYN/ACK, too: data seen or not is said. On the inner
interface of the tunnel's end (raw IP) the same shows without an outer header: it is told there only if the connection
was not seen in its tunnel.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from bngcorr.capture.diagnose.asked import Asked
from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire.frame import ACK, FIN, RST, SYN, TCP, Frame, Outer

TRANSMISSIONS: Final = 3  # of the SYN/ACK
_MOST: Final = 8_192
_FLAGS: Final = SYN | ACK | RST | FIN

Connection = tuple[bytes, int, bytes, int]  # client's address and port, server's
Key = tuple[tuple[int, ...], Connection]


class _Handshake:
    """From the first SYN or SYN/ACK."""

    __slots__ = ("ack", "answers", "data", "outer", "sequence", "syn", "syn_again", "told")

    def __init__(self) -> None:
        self.syn: Asked | None = None
        self.syn_again = False  # the client did not get the SYN/ACK
        self.answers: Asked | None = None  # SYN/ACKs
        self.sequence = 0  # that the server begins with
        self.outer: Outer | None = None  # innermost, of the SYN/ACK
        self.ack = 0  # number of the frame with the client's last ACK of the handshake; 0: not seen
        self.data = False  # of the client, seen
        self.told: tuple[Fault, str] | None = None


class TunnelHandshake:
    """Looks at TCP in tunnels and on links of raw IP."""

    concerns = frozenset((Concern.OTHER,))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._handshakes: Final[Recent[Key, _Handshake]] = Recent(_MOST)
        self._in_tunnel: Final[Recent[Connection, bool]] = Recent(_MOST)

    def see(self, seen: Seen) -> None:
        """A segment."""
        frame = seen.frame
        if frame.protocol != TCP or seen.at_ns is None or not (frame.outer or not frame.link_source):
            return
        flags = frame.flags & _FLAGS
        to_server = (frame.source, frame.source_port, frame.destination, frame.destination_port)
        to_client = (frame.destination, frame.destination_port, frame.source, frame.source_port)
        if flags == SYN:
            self._syn(seen, seen.at_ns, to_server)
        elif flags == SYN | ACK:
            self._syn_ack(seen, seen.at_ns, to_client)
        elif flags & RST:
            self._handshakes.pop((seen.segment, to_server))
            self._handshakes.pop((seen.segment, to_client))
        elif flags & ACK and len(self._handshakes):
            handshake = self._handshakes.get((seen.segment, to_server))
            if handshake is not None:
                self._ack(seen, handshake)
            elif (seen.segment, to_client) in self._handshakes:
                self._done(seen, to_client)

    def elapsed(self, now_ns: int) -> None:
        """Nothing is told by time."""

    def end(self) -> None:
        """Connections that were seen on an inner interface only."""
        for (_, connection), handshake in self._handshakes.items():
            answers = handshake.answers
            if answers is None or handshake.outer is not None or connection in self._in_tunnel:
                continue
            if answers.count >= TRANSMISSIONS and handshake.told is None:
                self._tell(connection, handshake, answers)

    def _syn(self, seen: Seen, at_ns: int, connection: Connection) -> None:
        handshake = self._handshakes.get((seen.segment, connection))
        if handshake is None or (handshake.syn is not None and handshake.ack):
            handshake = _Handshake()
            self._handshakes.put((seen.segment, connection), handshake)
        if handshake.syn is None:
            handshake.syn = Asked(seen, at_ns)
        elif handshake.syn.again(seen, at_ns) and handshake.answers is not None:
            handshake.syn_again = True

    def _syn_ack(self, seen: Seen, at_ns: int, connection: Connection) -> None:
        frame = seen.frame
        if frame.outer:
            self._in_tunnel.put(connection, True)
        handshake = self._handshakes.get((seen.segment, connection))
        if handshake is None:
            handshake = _Handshake()
            self._handshakes.put((seen.segment, connection), handshake)
        answers = handshake.answers
        if answers is None or handshake.sequence != frame.sequence:
            handshake.answers = Asked(seen, at_ns)
            handshake.sequence = frame.sequence
            handshake.outer = frame.outer[-1] if frame.outer else None
            handshake.ack = 0
            return
        if not answers.again(seen, at_ns) or answers.count < TRANSMISSIONS or handshake.outer is None:
            return
        if handshake.told is not None:
            self._faults.add(answers.once_more(seen, *handshake.told, _detail(connection, handshake, answers)))
        else:
            self._tell(connection, handshake, answers)

    def _ack(self, seen: Seen, handshake: _Handshake) -> None:
        """From the client."""
        frame = seen.frame
        if handshake.answers is None:
            return
        behind = (frame.acknowledgement - handshake.sequence) & 0xFFFFFFFF
        if not handshake.ack and 1 <= behind < 0x80000000:
            handshake.ack = seen.number
            if handshake.told is not None and handshake.told[0] is Fault.HANDSHAKE_UNFINISHED:
                self._faults.clear(*handshake.told, handshake.answers.where, seen.number)
                handshake.told = None
        handshake.data = handshake.data or _has_data(frame)

    def _done(self, seen: Seen, connection: Connection) -> None:
        """The server goes on: it got the ACK."""
        handshake = self._handshakes.pop((seen.segment, connection))
        if handshake is not None and handshake.told is not None and handshake.answers is not None:
            self._faults.clear(*handshake.told, handshake.answers.where, seen.number)

    def _tell(self, connection: Connection, handshake: _Handshake, answers: Asked) -> None:
        if not handshake.ack and handshake.syn is None:
            return  # the client's direction may not be in this capture
        fault = Fault.HANDSHAKE_LOST_BEHIND if handshake.ack else Fault.HANDSHAKE_UNFINISHED
        outer = handshake.outer
        if outer is not None:
            name = f"{'6in' if len(connection[0]) == 16 else '4in'}{outer.version}"
            subject = f"{name} {ip_address(outer.destination)} – {ip_address(outer.source)}"
        else:
            subject = f"{ip_address(connection[0])} – {ip_address(connection[2])}"
        handshake.told = (fault, subject)
        found = answers.found(fault, subject, _detail(connection, handshake, answers))
        if handshake.ack:
            found.packets = tuple(sorted((*found.packets, handshake.ack)))
        self._faults.add(found)


def _has_data(frame: Frame) -> bool:
    return frame.end > frame.start


def _detail(connection: Connection, handshake: _Handshake, answers: Asked) -> str:
    client, client_port, server, server_port = connection
    names = f"{_end(client, client_port)} to {_end(server, server_port)}"
    if handshake.ack:
        data = " and data behind it" if handshake.data else "; no data was seen"
        rest = f"the client's ACK passed here{data}"
    elif handshake.syn_again:
        rest = "the client repeats its SYN, so the SYN/ACK does not reach it"
    else:
        rest = "no ACK of the client came here"
    return f"SYN/ACK for {names} {answers.lasted}: {rest}"


def _end(address: bytes, port: int) -> str:
    return f"{ip_address(address)}:{port}" if len(address) == 4 else f"[{ip_address(address)}]:{port}"
