"""How far apart request and sighting were, as one SVG that stands for itself. Pure.

Buckets of DISTANCE_BUCKETS_MS side by side: to the left of the middle the sighting came first, to the right the request
did. A dashed line stands where each compared window ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from bngcorr.replay.windows import BUCKETS, Distances, bucket_of
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS

WIDTH: Final = 1040
HEIGHT: Final = 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 64, 70
_PEAK: Final = _TOP + 18  # of the tallest column, below the words at the windows
_BEFORE: Final = "#2f6fab"
_AFTER: Final = "#4a9c5d"
_LATE: Final = "#c0622d"
_TEXT: Final = 'font-family="system-ui, sans-serif" font-size="11" fill="#333"'


def histogram(distances: Distances, windows_ms: Sequence[int], title: str) -> str:
    """The picture; `windows_ms` are marked if they are not wider than the last bucket but one."""
    shown = _columns(distances)
    most = max((before + late for _, _, before, late in shown), default=0) or 1
    each = (WIDTH - _LEFT - _RIGHT) / len(shown)
    base = HEIGHT - _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" {_TEXT} font-weight="bold">{escape(title)}</text>',
    ]
    for at, (colour, words) in enumerate((
        (_BEFORE, "sighting came first"), (_AFTER, "request came first, and was held"),
        (_LATE, "request came first: the sighting was too late"),
    )):  # fmt: skip
        x: float = _LEFT + at * 230
        parts.append(f'<rect x="{x}" y="34" width="11" height="11" fill="{colour}"/>')
        parts.append(f'<text x="{x + 16}" y="44" {_TEXT}>{words}</text>')
    for at, (label, colour, count, late) in enumerate(shown):
        x = _LEFT + at * each
        tall, more = (base - _PEAK) * count / most, (base - _PEAK) * late / most
        if count:
            parts.append(_bar(x, base - tall, each, tall, colour, f"{label}: {count}"))
        if late:
            parts.append(_bar(x, base - tall - more, each, more, _LATE, f"{label}: {late} too late"))
        if count + late:
            parts.append(_label(x + each / 2, base - tall - more - 4, f"{count + late}"))
        parts.append(
            f'<text transform="translate({x + each / 2 + 4:.1f} {base + 12}) rotate(-40)" text-anchor="end" {_TEXT}>'
            f"{escape(label[1:])}</text>"
        )
    parts.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{base}" y2="{base}" stroke="#333"/>')
    middle = _LEFT + BUCKETS * each
    parts.append(f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{_TOP}" y2="{base + 6}" stroke="#333"/>')
    for x, words in ((_LEFT + BUCKETS * each / 2, "sighting first"), (middle + BUCKETS * each / 2, "request first")):
        parts.append(_label(x, HEIGHT - 8, words))
    for window_ms in windows_ms:
        bucket = bucket_of(window_ms)
        if bucket == BUCKETS - 1:
            continue
        for x in (_LEFT + (BUCKETS - 1 - bucket) * each, _LEFT + (BUCKETS + 1 + bucket) * each):
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{base}" stroke="#999" stroke-dasharray="4 3"/>'
            )
            parts.append(_label(x, _TOP - 4, duration(window_ms)))
    parts.append("</svg>\n")
    return "\n".join(parts)


def duration(ms: int) -> str:
    """``200 ms``, ``5 s``."""
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:g} s"


def _columns(distances: Distances) -> list[tuple[str, str, int, int]]:
    """Label, colour, matches and late ones of each column, from the left."""
    bounds = [f"≤ {duration(bound)}" for bound in DISTANCE_BUCKETS_MS] + [f"> {duration(DISTANCE_BUCKETS_MS[-1])}"]
    left = [(f"−{bounds[at]}", _BEFORE, distances.before[at], 0) for at in reversed(range(BUCKETS))]
    right = [(f"+{bounds[at]}", _AFTER, distances.after[at], distances.late[at]) for at in range(BUCKETS)]
    return left + right


def _bar(x: float, y: float, each: float, tall: float, colour: str, words: str) -> str:
    return (
        f'<rect x="{x + 2:.1f}" y="{y:.1f}" width="{each - 4:.1f}" height="{max(tall, 1.0):.1f}" fill="{colour}">'
        f"<title>{escape(words)}</title></rect>"
    )


def _label(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" {_TEXT}>{escape(words)}</text>'
