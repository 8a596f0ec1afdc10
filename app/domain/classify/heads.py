"""Linear heads in plain Python: whole-number weights, many heads added up at once.

All heads' weights of one bucket stand side by side in one long integer, 32 bits each, so that one
addition serves every head. Weights are stored as one byte each (128 is nothing), so that no sum
ever borrows from its neighbour.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

_ZERO = 128
_LANE_BYTES = 4
# A lane holds 2^32 / 255 additions; texts are cut far below.


class PackedRows:
    """Rows of byte weights, one row a bucket, one lane a head."""

    def __init__(self, rows: bytes, lanes: int) -> None:
        if len(rows) % lanes:
            raise ValueError(f"{len(rows)} weights can't be rows of {lanes}")
        self.lanes = lanes
        self.size = lanes * _LANE_BYTES
        spread = bytearray(len(rows) * _LANE_BYTES)
        spread[::_LANE_BYTES] = rows
        self._rows = bytes(spread)
        self._layout = struct.Struct(f"<{lanes}I")

    def row(self, number: int) -> int:
        """One bucket's weights, packed; every lane is 128 too high."""
        start = number * self.size
        return int.from_bytes(self._rows[start : start + self.size], "little")

    def total(self, numbers: Iterable[int]) -> tuple[int, int]:
        """The packed sum of several buckets, and how many they were."""
        size, rows = self.size, self._rows
        packed = count = 0
        for number in numbers:
            start = number * size
            packed += int.from_bytes(rows[start : start + size], "little")
            count += 1
        return packed, count

    def unpack(self, packed: int, count: int) -> Sequence[int]:
        """The sums of all heads, from a packed sum of `count` weighted rows."""
        over = _ZERO * count
        return [lane - over for lane in self._layout.unpack(packed.to_bytes(self.size, "little"))]
