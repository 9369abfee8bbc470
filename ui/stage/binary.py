"""The form in which numbers travel to the stage.

An unsigned 32-bit length, a JSON header of that length (padded so that what follows is aligned), then the arrays that
the header's "arrays" lists by name, type and length, each padded to 4 bytes; all little-endian.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A header and named arrays (float32, uint8, uint16 or uint32, flattened in C order) as bytes."""
    listed = [[name, array.dtype.name, array.size] for name, array in arrays.items()]
    text = json.dumps({**header, "arrays": listed}, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    parts = [len(text).to_bytes(4, "little"), text]
    for array in arrays.values():
        raw = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        parts += [raw, b"\0" * (-len(raw) % 4)]
    return b"".join(parts)
