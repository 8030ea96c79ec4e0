"""The C core against its model in Python, with random arguments, right ones and wrong ones; in a process of its own:

    python -m tests.wire.core_trial EXTENSION SEED ROUNDS

An extension that reads or writes where it must not is for the sanitizers to find, with which it was built.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from random import Random
from typing import Any

from bngcorr.errors import Malformed
from bngcorr.wire import octets as model
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

from ..extension import load

CODES = (1, 1, 1, 2, 3, 4, 5, 11, 12, 40, 43, 45)
KINDS = (1, 2, 4, 26, 26, 26, 26, 31, 33, 80, 241, 0, 255)
VENDORS = (3561, 6527, 4874, 1, 2**24 - 1, 2**32 - 1, 0, 429, 4846, 8164, 24757)
SIZES = (0, 1, 15, 16, 17, 19, 20, 35, 36, 37, 55, 56, 63, 64, 65, 119, 120, 300, 4095, 4096, 4097, 65_535, 65_536)


class Trial:
    """Random arguments for one extension."""

    def __init__(self, core: Any, seed: int) -> None:
        self.core = core
        self.random = Random(seed)
        self.secrets = [self._octets(size) for size in (0, 1, 10, 63, 64, 65, 200, 65_535)]
        self.spans: dict[bytes, object] = {}  # by layout
        self.right = self.refused = self.laid_out = 0

    def _octets(self, n: int) -> bytes:
        return self.random.randbytes(n)

    def _some(self, most: int) -> bytes:
        return self._octets(self.random.choice((self.random.randint(0, most), self.random.randint(0, min(most, 40)))))

    # ---- the same as the model

    def _same(self, name: str, *arguments: object) -> object:
        expected: object = getattr(model, name)(*arguments)
        got = getattr(self.core, name)(*arguments)
        assert expected == got, f"{name}{arguments!r}: {got!r}, expected {expected!r}"
        self.right += 1
        return expected

    def authenticators(self) -> None:
        """Sign and verify, rightly and with one bit of the packet wrong."""
        draw, secret = self.random, self.random.choice(self.secrets)
        one, other = self._octets(16), self._octets(16)
        code, identifier, attributes = draw.randint(0, 255), draw.randint(0, 255), self._some(4096 - 38)
        self._same("hmac_md5", secret, attributes)
        packet: Any = self._same("signed_request", code, identifier, one, attributes, secret)
        assert self._same("message_fits", packet, 22, one, secret)
        assert not self._same("message_fits", self._damaged(packet), 22, one, secret)
        self._same("message_fits", packet, draw.randint(20, len(packet) - 16), other, secret)
        for signed in (False, True):
            packet = self._same("signed_over", code, identifier, one, other, attributes, secret, signed)
            assert self._same("authenticator_fits", packet, one, secret)
            assert not self._same("authenticator_fits", self._damaged(packet), one, secret)
            assert not self._same("authenticator_fits", packet, other, secret)

    def _damaged(self, packet: bytes) -> bytes:
        at = self.random.choice((0, 1, 2, 3, *range(20, len(packet))))
        return packet[:at] + bytes((packet[at] ^ 1 << self.random.randint(0, 7),)) + packet[at + 1 :]

    def hidden(self) -> None:
        """A chain of blocks for another secret and vector, and back."""
        value = self._octets(16 * self.random.choice((1, 1, 2, 8, 15, 256)))
        old = self.random.choice(self.secrets), self._some(60)
        new = self.random.choice(self.secrets), self._some(60)
        there: Any = self._same("rehidden_chain", value, *old, *new)
        assert value == self._same("rehidden_chain", there, *new, *old)

    def edited(self) -> None:
        """Edits in any order, none, few and many."""
        packet = self._octets(20) + self._some(4076)
        places = sorted(
            self.random.randint(20, len(packet)) for _ in range(2 * self.random.choice((0, 1, 2, 3, 9, 99)))
        )
        edits = [(start, end, self._some(30)) for start, end in zip(places[::2], places[1::2], strict=True)]
        edits = list({(start, end): (start, end, put) for start, end, put in edits}.values())
        self.random.shuffle(edits)
        self._same("spliced", packet, edits, self._some(300))
        self._same("attribute", self.random.randint(0, 255), self._some(253))
        self._same("vendor_attribute", self.random.randint(0, 2**40 - 1), self._some(247))

    def text(self) -> None:
        """A MAC address of any octets, in digits of either case, and with one octet of it replaced."""
        mac = self._octets(6)
        text = self.random.choice((mac.hex(":"), mac.hex(":").upper())).encode()
        assert mac == self._same("colon_octets", text)
        at = self.random.randrange(len(text))
        self._same("colon_octets", text[:at] + self._some(3) + text[at + 1 :])
        self._same("colon_octets", text[:at] + self._octets(1) + text[at + 1 :])

    def layout(self) -> None:
        """A layout tells exactly where a well-formed packet has its attributes, and that it is well-formed."""
        packet = self._packet()
        if self.random.random() < 0.5:
            damaged = bytearray(packet)
            for _ in range(self.random.randint(1, 3)):
                damaged[self.random.randrange(len(packet))] = self.random.choice((0, 1, 2, 6, 8, 18, 26, 80, 255))
            packet = bytes(damaged)
        told: bytes | None = self.core.layout(packet)
        view = _walked(packet)
        if told is None:
            plain = view is not None and len(view.octets) == len(packet) and len(view.spans) < 25
            assert not plain, packet.hex()
            return
        assert view is not None, packet.hex()
        spans = tuple((one.key, one.start, one.end, one.outer_start, one.outer_end) for one in view.spans)
        assert spans == self.spans.setdefault(told, spans)
        self.laid_out += 1

    def _packet(self) -> bytes:
        draw, code = self.random, self.random.choice(CODES)
        parts = []
        for _ in range(draw.choice((0, 1, 2, 2, 3, 12, 40, 200))):
            kind = draw.choice(KINDS)
            if kind == 26:
                subs = b"".join(
                    model.attribute(draw.randint(0, 3), self._octets(draw.choice((0, 0, 1, 4)))) for _ in "ab"
                )
                value = draw.choice(VENDORS).to_bytes(4, "big") + subs[: draw.choice((0, 1, 2, 4, 99))]
            else:
                value = self._octets(16 if kind in (2, 80) else draw.choice((0, 0, 1, 4)))
            parts.append(model.attribute(kind, value))
        attributes = b"".join(parts)[:4076]
        padding = self._octets(draw.choice((0, 0, 0, 0, 1)))
        return bytes((code, 1)) + (20 + len(attributes)).to_bytes(2, "big") + self._octets(16) + attributes + padding

    # ---- wrong arguments

    def wrong(self) -> None:
        """Arguments of any type and size are worked on or refused, and never more than that."""
        function: Callable[..., object] = getattr(self.core, self.random.choice(NAMES))
        try:
            function(*(self._anything() for _ in range(self.random.randint(0, 8))))
        except (TypeError, ValueError):
            self.refused += 1
        for name, arguments in [*ARGUMENTS.items()] * 10:
            at = self.random.randrange(len(arguments))
            wrong = [*arguments[:at], self._anything(), *arguments[at + 1 :]]
            try:
                getattr(self.core, name)(*wrong)
            except (TypeError, ValueError):
                self.refused += 1

    def _anything(self) -> object:
        draw = self.random
        near = draw.randint(0, 80), draw.randint(0, 80)  # inside and outside of a packet of 60 octets
        return draw.choice((
            self._octets(draw.choice(SIZES)), self._octets(near[0]), near[0], near[1], draw.choice(SIZES), -1, 2**63,
            -(2**200), [(*near, b"xyz")], [(20, *near)], [(*near, b"")] * 2, [(*sorted(near), b"x")],
            [(30, 31, b"x")] * draw.choice((8, 9, 200)),
            [(20, 21)], [(20, 2**40, b"")], [(-1, 20, b"")], [("20", 20, b"")], [(20, 20, bytes(99_999))], [None], [],
            None, True, "text", (), bytearray(40),
        ))  # fmt: skip


NAMES = (
    "attribute", "authenticator_fits", "colon_octets", "hmac_md5", "layout", "message_fits", "rehidden_chain",
    "signed_over", "signed_request", "spliced", "vendor_attribute",
)  # fmt: skip
_A, _P, _S = bytes(16), bytes(60), b"secret"
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "attribute": (1, b"x"),
    "authenticator_fits": (_P, _A, _S),
    "colon_octets": (b"aa:bb:cc:dd:ee:ff",),
    "hmac_md5": (_S, b"x"),
    "layout": (_P,),
    "message_fits": (_P, 22, _A, _S),
    "rehidden_chain": (_A, _S, _A, _S, _A),
    "signed_over": (1, 1, _A, _A, b"", _S, True),
    "signed_request": (1, 1, _A, b"", _S),
    "spliced": (_P, [(22, 24, b"")], b"x"),
    "vendor_attribute": (3561 << 8 | 2, b"x"),
}


def _walked(packet: bytes) -> PacketView | None:
    """As `decode` does without a layout."""
    try:
        return radius._walked(packet, shared=False)
    except Malformed:
        return None


def main() -> None:
    """Try, and print how much was tried."""
    trial = Trial(load("bngcorr.wire._core", sys.argv[1]), int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        trial.authenticators()
        trial.hidden()
        trial.edited()
        trial.text()
        trial.layout()
        trial.wrong()
    assert trial.right
    assert trial.refused
    assert trial.laid_out
    print(f"{trial.right} the same, {trial.refused} refused, {trial.laid_out} laid out")


if __name__ == "__main__":
    main()
