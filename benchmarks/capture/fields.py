"""The same fields of DHCP and RADIUS out of a capture, a packet a line, as tshark, scapy and our decoders tell them.

    python -m benchmarks.capture.fields bngcorr FILE
    python -m benchmarks.capture.fields scapy FILE

What tshark is asked for is in `TSHARK`. Of fields that are there more than once, the first is taken.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

FIELDS: Final = (
    "frame.number",
    "dhcp.option.dhcp",
    "dhcp.id",
    "dhcp.hw.mac_addr",
    "dhcp.option.agent_information_option.agent_circuit_id",
    "dhcp.option.agent_information_option.agent_remote_id",
    "dhcpv6.msgtype",
    "dhcpv6.xid",
    "dhcpv6.duid.bytes",
    "dhcpv6.interface_id",
    "dhcpv6.remoteid_enterprise_id",
    "radius.code",
    "radius.id",
    "radius.User_Name",
    "radius.NAS_Port_Id",
    "radius.Calling_Station_Id",
    "radius.Acct_Session_Id",
    "radius.ADSL_Agent_Circuit_Id",
)
TSHARK: Final = (
    "-n", "-Y", "dhcp || dhcpv6 || radius", "-T", "fields", "-E", "occurrence=f",
    *(word for field in FIELDS for word in ("-e", field)),
)  # fmt: skip
_NOT4: Final = "\t" * 5
_NOT6: Final = "\t" * 5
_NOT_RADIUS: Final = "\t" * 7


def ours(path: Path) -> Iterator[str]:
    """By the decoders of bngcorr. Raises UnreadableCapture, OSError."""
    from bngcorr.capture.packets import Kind, read
    from bngcorr.errors import WireError
    from bngcorr.wire import attributes, dhcp4, dhcp6, radius

    dhcpv4, dhcpv6 = Kind.DHCPV4, Kind.DHCPV6
    keys = (
        attributes.USER_NAME, attributes.NAS_PORT_ID, attributes.CALLING_STATION_ID, attributes.ACCT_SESSION_ID,
        attributes.AGENT_CIRCUIT_ID,
    )  # fmt: skip
    for packet in read(path):
        try:
            if packet.kind is dhcpv4:
                four = dhcp4.decode(packet.octets)
                relay = four.relay
                circuit = (relay.circuit_id if relay else None) or b""
                remote = (relay.remote_id if relay else None) or b""
                told = (
                    f"\t{four.type or ''}\t0x{four.xid.hex()}\t{four.chaddr.hex(':')}\t{circuit.hex()}\t{remote.hex()}"
                    f"{_NOT6}{_NOT_RADIUS}"
                )
            elif packet.kind is dhcpv6:
                six = dhcp6.decode(packet.octets)
                first: dict[int, bytes] = {}
                for layer in reversed(six.layers):
                    first.update(layer.values)
                inner = six.layers[-1]
                told = (
                    f"{_NOT4}\t{six.layers[0].type}\t0x{inner.transaction_id.hex()}"
                    f"\t{first.get(dhcp6.CLIENT_ID, b'').hex()}\t{first.get(dhcp6.INTERFACE_ID, b'').hex()}"
                    f"\t{first.get(dhcp6.REMOTE_ID, b'')[4:].hex()}{_NOT_RADIUS}"
                )
            else:
                view = radius.decode(packet.octets)
                texts = "\t".join([(view.first(key) or b"").decode("ascii", "replace") for key in keys])
                told = f"{_NOT4}{_NOT6}\t{view.code}\t{view.identifier}\t{texts}"
        except WireError:
            continue
        yield f"{packet.number}{told}"


def scapys(path: Path) -> Iterator[str]:
    """By scapy: what each DHCP or RADIUS packet is; the other fields are dissected all the same."""
    from scapy.layers.dhcp import BOOTP, DHCP
    from scapy.layers.dhcp6 import DHCP6, DHCP6_RelayForward, DHCP6_RelayReply
    from scapy.layers.inet import UDP
    from scapy.layers.radius import Radius
    from scapy.utils import PcapReader

    six = DHCP6, DHCP6_RelayForward, DHCP6_RelayReply
    with PcapReader(str(path)) as packets:
        for number, packet in enumerate(packets, start=1):
            message = packet[UDP].payload if UDP in packet else None
            if isinstance(message, BOOTP) and DHCP in message:
                options: dict[str, object] = dict(
                    option[:2] for option in message[DHCP].options if isinstance(option, tuple)
                )
                yield f"{number}\t{options.get('message-type')}\t{message.xid:#010x}"
            elif isinstance(message, six):
                yield f"{number}{_NOT4}\t{message.msgtype}"
            elif isinstance(message, Radius):
                yield f"{number}{_NOT4}{_NOT6}\t{message.code}\t{message.id}"


def main(arguments: Sequence[str]) -> int:
    """Print a line for each packet; the exit code."""
    by, path = arguments
    write = sys.stdout.write
    for line in {"bngcorr": ours, "scapy": scapys}[by](Path(path)):
        write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
