"""Linear heads in plain Python: whole-number weights, many heads added up at once.

All heads' weights of one bucket stand side by side in one long integer, so that one addition serves
every head. Weights are stored as one byte each (128 is nothing), so that no sum ever borrows from
its neighbour. Rows have 16 bits a lane, which few additions fill; sums have 32.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

_ZERO = 128
_ROW_LANE_BYTES = 2
# A lane of a sum holds 2^32 / 255 additions; texts are cut far below.
_LANE_BYTES = 4
# So many additions fit into a row's lane: 256 * 255 < 2^16.
_AT_ONCE = 256


class PackedRows:
    """Rows of byte weights, one row a bucket, one lane a head."""

    def __init__(self, rows: bytes, lanes: int) -> None:
        if len(rows) % lanes:
            raise ValueError(f"{len(rows)} weights can't be rows of {lanes}")
        self.lanes = lanes
        self.size = lanes * _LANE_BYTES
        self._row_size = lanes * _ROW_LANE_BYTES
        spread = bytearray(len(rows) * _ROW_LANE_BYTES)
        spread[::_ROW_LANE_BYTES] = rows
        self._rows = bytes(spread)
        self._layout = struct.Struct(f"<{lanes}I")

    def row(self, number: int) -> int:
        """One bucket's weights, packed; every lane is 128 too high."""
        return self.total((number,))[0]

    def total(self, numbers: Iterable[int]) -> tuple[int, int]:
        """The packed sum of several buckets, and how many they were."""
        size, rows = self._row_size, self._rows
        wanted = tuple(numbers)
        packed = 0
        for first in range(0, len(wanted), _AT_ONCE):
            part = 0
            for number in wanted[first : first + _AT_ONCE]:
                start = number * size
                part += int.from_bytes(rows[start : start + size], "little")
            packed += self._widened(part)
        return packed, len(wanted)

    def _widened(self, part: int) -> int:
        """A sum with 16 bits a lane, with 32."""
        narrow = part.to_bytes(self._row_size, "little")
        wide = bytearray(self.size)
        wide[::4], wide[1::4] = narrow[::2], narrow[1::2]
        return int.from_bytes(wide, "little")

    def unpack(self, packed: int, count: int) -> Sequence[int]:
        """The sums of all heads, from a packed sum of `count` weighted rows."""
        over = _ZERO * count
        return [lane - over for lane in self._layout.unpack(packed.to_bytes(self.size, "little"))]
