"""Keyed pseudonyms: HMAC-SHA256 (RFC 2104) of whole columns.

Few or long values are hashed by polars-hash's SHA-256, of which HMAC is composed here: its own takes keys of text alone,
and ours are bytes. Millions of short ones, a population, by machine code that hashes many at a time (`hashing/`), in a
sixth of the time. The padded key enters as a column of one row: literals are shown in the text of plans and errors,
columns are not.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import polars_hash as plh
import pyarrow as pa
import pyarrow.compute as pc

_BLOCK_BYTES = 64  # block size of SHA-256
_DIGITS = 64
_MANY = 200_000  # values from which on it is worth loading the machine code
_SLICE = 100_000  # values hashed in one go; slices share the cores


class HashDiffers(RuntimeError):
    """The compiled HMAC is not what Python's is: no pseudonym was made."""


def pseudonymise(values: pa.Array | pa.ChunkedArray, key: bytes) -> pa.ChunkedArray:
    """The HMAC-SHA256 of each value's UTF-8 bytes under `key`, as 64 lower-case hexadecimal digits.

    `values` is a string array of any length; the answer has the same length and order, and NULL stays NULL.
    """
    block = (key if len(key) <= _BLOCK_BYTES else hashlib.sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    pads = _padded(block, 0x36), _padded(block, 0x5C)
    hashed = _compiled if len(values) >= _MANY and _are_short(values) else _composed
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as hashing:
        parts = list(hashing.map(lambda part: hashed(part, *pads), _slices(values)))
    for part, made in zip(_slices(values), parts, strict=True):  # the first value that there is
        if part.null_count < len(part):
            place = int(np.argmax(part.is_valid().to_numpy(zero_copy_only=False)))
            if made[place].as_py() != hmac.new(key, part[place].as_py().encode(), hashlib.sha256).hexdigest():
                raise HashDiffers
            break
    return pa.chunked_array(parts, pa.string())


def _padded(block: bytes, mask: int) -> bytes:
    return bytes(byte ^ mask for byte in block)


def _are_short(values: pa.Array | pa.ChunkedArray) -> bool:
    from ingestion.hashing.hmac_kernel import LONGEST  # numba takes a second to import

    return bool((pc.max(pc.binary_length(values)).as_py() or 0) <= LONGEST)


def _slices(values: pa.Array | pa.ChunkedArray) -> Iterator[pa.Array]:
    for chunk in values.chunks if isinstance(values, pa.ChunkedArray) else [values]:
        for start in range(0, len(chunk), _SLICE):
            yield chunk.slice(start, _SLICE)


def _composed(values: pa.Array, inner: bytes, outer: bytes) -> pa.Array:
    listed = pl.DataFrame({"value": pl.Series(values, dtype=pl.String)})
    first = listed.select(value=_column("inner", inner) + pl.col("value").cast(pl.Binary))
    first = first.select(plh.col("value").chash.sha2_256())
    second = first.select(value=_column("outer", outer) + pl.col("value").str.decode("hex"))
    return second.select(plh.col("value").chash.sha2_256()).to_series().to_arrow().cast(pa.string())


def _column(name: str, pad: bytes) -> pl.Expr:
    return pl.lit(pl.Series(name, [pad], pl.Binary))


def _compiled(values: pa.Array, inner: bytes, outer: bytes) -> pa.Array:
    """`values`: texts of at most hmac_kernel.LONGEST bytes."""
    from ingestion.hashing.kernel import hmac_hex

    _, offsets, texts = values.cast(pa.string()).buffers()
    places = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
    hexes = np.empty(_DIGITS * len(values), np.uint8)
    hmac_hex(
        np.frombuffer(texts or b"", np.uint8), places, _words(inner), _words(outer), hexes
    )  # of a missing value, too
    ends = np.arange(0, hexes.size + 1, _DIGITS, dtype=np.int32)
    made = pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(hexes))
    return pc.if_else(values.is_valid(), made, None) if values.null_count else made


def _words(pad: bytes) -> np.ndarray:
    return np.frombuffer(pad, ">u4").astype(np.uint32)
