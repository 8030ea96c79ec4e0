"""Rows in C against their model in Python, with random arguments, right ones and wrong ones; in a process of its own:

    python -m tests.store.rows_trial EXTENSION SEED ROUNDS

An extension that reads or writes where it must not is for the sanitizers to find, with which it was built.
"""

from __future__ import annotations

import sys
from random import Random
from typing import Any

import msgpack

from bngcorr.store import row_octets as model
from bngcorr.store.lesson import SessionStep

from ..extension import load

SIZES = (0, 1, 2, 6, 12, 30, 31, 32, 33, 127, 128, 129, 247, 254)
NUMBERS = (0, 1, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
LETTERS = "aZ09é€😀\udcff İß.:-"
MACS = (
    "{}:{}:{}:{}:{}:{}", "{}-{}-{}-{}-{}-{}", "{} {} {}:{}-{}:{}", "1:{}:{}:{}:{}:{}:{}", "01-{}-{}-{}-{}-{}-{}",
    "2:{}:{}:{}:{}:{}:{}", "{}{}.{}{}.{}{}", "{}{}{}{}{}{}", " \t{}:{}:{}:{}:{}:{}\r", "\udc85{}{}{}{}{}{}\x1c",
    "\xa0{}{}{}{}{}{}", "{}:{}:{}:{}:{}", "{}{}{}.{}.{}{}", "{}:{}:{}:{}:{}:{}:{}{}", "{}:{}:{}:{}:{}:{}:",
    "{}:{}:{}:{}:{}:{}@isp",
)  # fmt: skip


class Trial:
    """Random arguments for one extension."""

    def __init__(self, rows: Any, seed: int) -> None:
        self.rows = rows
        self.random = Random(seed)
        self.right = self.refused = 0

    def _same(self, name: str, *arguments: object) -> None:
        expected: object = getattr(model, name)(*arguments)
        got = getattr(self.rows, name)(*arguments)
        assert expected == got, f"{name}{arguments!r}: {got!r}, expected {expected!r}"
        self.right += 1

    # ---- values

    def _octets(self) -> bytes:
        return self.random.randbytes(self.random.choice(SIZES))

    def _maybe(self, value: object) -> Any:
        return self.random.choice((value, value, None))

    def _text(self, letters: str = LETTERS) -> str:
        return "".join(self.random.choices(letters, k=self.random.choice((0, 3, 17, 40))))

    def _number(self) -> int:
        return self.random.choice((self.random.choice(NUMBERS), self.random.getrandbits(41)))

    def _name(self) -> str:
        name = self.random.randbytes(12).hex()
        return self.random.choice((name, name, name.upper()))

    def _print(self) -> str:
        halves = [self.random.choice((self.random.randbytes(4).hex(), "")) for _ in "ab"]
        return self.random.choice((".".join(halves), ".".join(halves), halves[0]))

    def _plain(self, depth: int = 0) -> object:
        draw = self.random
        if depth < 3 and draw.random() < 0.2:
            values = [self._plain(depth + 1) for _ in range(draw.choice((0, 1, 3, 15, 16, 40)))]
            return draw.choice((values, tuple(values)))
        return draw.choice((
            None, True, False, self._number(), -draw.choice(NUMBERS[:-2]), -(2**63), self._octets(),
            self._text(LETTERS.replace("\udcff", "")), "é" * draw.choice((15, 16, 127, 128)),
        ))  # fmt: skip

    def _argument(self) -> object:
        draw = self.random
        return draw.choice((
            self._octets(), self._octets() * 9, self._text(LETTERS.replace("\udcff", "")), self._number(),
            -self._number(), -(2**63), 2**200, draw.random() * 10 ** draw.randint(-9, 19), SessionStep.STOP,
        ))  # fmt: skip

    def _user(self, remote: bytes | None, circuit: bytes | None, mac: bytes | None) -> Any:
        """A User-Name, often one that says what is known already, or nearly."""
        draw = self.random
        named = [octets.decode("utf-8", "surrogateescape") for octets in (remote, circuit) if octets is not None]
        if mac is not None and len(mac) >= 6:
            digits = [f"{octet:{draw.choice(('02x', '02X', 'x'))}}" for octet in mac]
            named += [form.format(*digits, *digits) for form in draw.choices(MACS, k=4)]
        return draw.choice((None, "", self._text(), *named, *(self._changed(one) for one in named)))

    def _changed(self, text: str) -> str:
        at = self.random.randint(0, len(text))
        return text[:at] + self.random.choice(("", "0", ":", " ", "g", ".")) + text[at + self.random.randint(0, 1) :]

    def _port(self) -> tuple[str | None, int | None, int | None]:
        if self.random.random() < 0.3:
            return None, None, None
        return self._text("1/-é"), self._maybe(self.random.randint(0, 4095)), self._maybe(self.random.randint(0, 4095))

    # ---- the same as the model

    def plain(self) -> None:
        """Values of every kind and size, and where many of them are one array."""
        some = [self._plain() for _ in range(self.random.choice((0, 1, 15, 16, 22)))]
        self._same("array", *some)
        self._same("values", *some)
        size = self.random.choice((255, 256, 65_535, 65_536))
        self._same("array", bytes(size), "x" * size, [None] * size)
        self._same("values", bytes(size), "x" * size, [None] * size)
        self._same("head", self.random.choice((0, 15, 16, 65_535, 65_536, 2**32 - 1)))

    def told(self) -> None:
        """Lessons of every form."""
        draw = self.random
        remote, circuit = self._maybe(self._octets()), self._maybe(self._octets())
        mac = self._maybe(draw.randbytes(draw.choice((6, 6, 6, 8, 254))))
        if mac is not None and draw.random() < 0.7:
            mac = bytes((draw.choice((0, 2, mac[0])), *mac[1:])) if draw.random() < 0.8 else bytes(6)
        user, port = self._user(remote, circuit, mac), self._port()
        self._same("terms", remote, circuit, mac, user)
        self._same("shown", draw.randint(0, 6), self._octets(), user, mac, *port)
        self._same(
            "sighting", draw.random() < 0.5, self._name(), self._number(), self._number(), remote, circuit, mac,
            "bng é", *port, draw.randint(0, 7), *(self._maybe(self._name()) for _ in range(6)),
        )  # fmt: skip
        self._same(
            "accept", 3, self._number(), self._number(), "bng1|192.0.2.1", self._maybe(self._name()), self._name(),
            draw.randint(0, 1), tuple(self._name() for _ in range(draw.randint(0, 4))), draw.randint(0, 6),
            draw.random() < 0.5, remote, circuit, mac, self._print(), self._octets(), user, *port,
            self._number(), self._number(), self._octets(),
        )  # fmt: skip
        self._same("entry", self._maybe(self._name()), self._maybe(self._name()), self._octets(), self._octets() * 9)
        self._same("command", tuple(self._argument() for _ in range(draw.choice((1, 2, 9, 10, 40)))))
        self._same("hget", self._octets(), self._octets(), draw.randbytes(12).hex())
        self._same("push", self._octets(), self._name(), b"\1", self._octets(), self._octets() * 9)

    def asked(self) -> None:
        """Records of lines, whole, broken, and with an octet changed."""
        draw = self.random
        names = [draw.randbytes(12) for _ in range(3)]
        families = [b"".join(draw.choices(names, k=draw.choice((0, 1, 2, 2, 3, 21)))) for _ in "46"]
        pack = msgpack.Packer(use_bin_type=False).pack
        after, instants = 2**40, [draw.choice((2**40 - 1, 2**40, 2**40 + 1, 2**63)) for _ in "46"]
        front = b"".join((
            b"\xdc\x00\x16\xce", draw.randbytes(4), b"\xcf", draw.randbytes(8), b"\xcf", instants[0].to_bytes(8),
            draw.choice((b"\1", b"\2")), b"\xcf", draw.randbytes(8), b"\xcf", instants[1].to_bytes(8),
        ))  # fmt: skip
        told = [names[0] * draw.choice((0, 1, 6, 30)) for _ in "46"]
        second = draw.choice((b"\1\1", pack(families[1]) + pack(told[1])))
        record = b"".join((
            front, *(draw.choice((b"\0", pack(2**40))) for _ in "46"), pack(draw.choice((b"", names[0]))),
            pack(draw.choice((b"", b"17", names[1]))), pack(families[0]), pack(told[0]), second, bytes(20),
        ))  # fmt: skip
        for octets in (record, record[: draw.randrange(len(record))], self._broken(record), self._octets()):
            for many in range(4):
                self._same("alone", octets, tuple(name.hex() for name in draw.sample(names, many)), after)
            if len(families[0]) > 12:  # of two keys
                self._same("alone", octets, (families[0][5:17].hex(),), after)

    def _broken(self, record: bytes) -> bytes:
        at = self.random.randrange(len(record))
        return record[:at] + self.random.randbytes(1) + record[at + 1 :]

    # ---- wrong arguments

    def wrong(self) -> None:
        """Arguments of any type and size are worked on or refused, and never more than that."""
        for name, arguments in ARGUMENTS.items():
            at = self.random.randrange(len(arguments))
            self._try(name, *arguments[:at], self._anything(), *arguments[at + 1 :])
            self._try(
                name, *(self._anything() for _ in range(self.random.choice((0, len(arguments), len(arguments), 23))))
            )

    def _try(self, name: str, *arguments: object) -> None:
        try:
            getattr(self.rows, name)(*arguments)
        except (TypeError, ValueError, OverflowError):
            self.refused += 1

    def _anything(self) -> object:
        deep: list[object] = []
        for _ in range(50):
            deep = [deep]
        return self.random.choice((
            self._plain(), self._octets(), self._name(), self._text(), "abc", "0" * 23, "xy" * 12, "\udc80", -1, 2**64,
            -(2**200), 1.5, deep, {}, object(), bytearray(3), bytes(300), ("ab",), ("abcdefgh", b"x"), [None] * 99, ".",
            "0.0", "a" * 999,
        ))  # fmt: skip


_NAME = "0123456789ab" * 2
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "accept": (
        3, 1, 2, "bng1|", _NAME, _NAME, 1, (_NAME,), 1, True, b"r", b"c", bytes(6), "01234567.89abcdef", b"0A", "user",
        "1/1/4", 100, 20, 0, 0, b"",
    ),
    "alone": (bytes(60), (_NAME,), 1),
    "array": (1, b"x"),
    "command": (("EVALSHA", b"x", 1, 1.5),),
    "entry": (_NAME, None, b"about", b"moment"),
    "head": (3,),
    "hget": (b"prefix", b"l", _NAME),
    "push": (b"prefix", _NAME, b"\1", b"1234", b"moment"),
    "shown": (1, b"0A", "user", bytes(6), "1/1/4", 100, 20),
    "sighting": (True, _NAME, 1, 2, b"r", b"c", bytes(6), "bng1", "1/1/4", 100, 20, 1, *[_NAME] * 6),
    "terms": (b"r", b"c", bytes(6), "user"),
    "values": (1, "x"),
}  # fmt: skip


def main() -> None:
    """Try, and print how much was tried."""
    trial = Trial(load("bngcorr.store._rows", sys.argv[1]), int(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        trial.plain()
        for _ in range(20):
            trial.told()
            trial.asked()
        trial.wrong()
    assert trial.right
    assert trial.refused
    print(f"{trial.right} the same, {trial.refused} refused")


if __name__ == "__main__":
    main()
