"""Which rows of a scanned batch may share their key with another one: by a hash of each key, told apart by its bits."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ingestion.batch import MENDED, TYPED
from ingestion.scanned_order import repeated_places, sort_keys
from ingestion.scanned_rows import numbers_as_stored, texts_as_stored
from ingestion.scanning.layout import SPARE
from ingestion.scanning.left_texts import LeftTexts
from ingestion.scanning.memory import address
from ingestion.scanning.texts import PlainTexts
from lake.engine import sql_name

if TYPE_CHECKING:
    from ingestion.scanned_batch import ScannedBatch

_BITS_A_ROW = 8  # so that few rows look like another without being so, and the bits are at hand
_LEAST_BITS = 1 << 16
_SIEVE = np.uint32(1 << 20)


def hashed_keys(batch: ScannedBatch) -> NDArray[np.unsignedinteger] | None:
    """A hash a row of the contract's key and the date; None where a part of the key is not at hand as it is stored."""
    from ingestion.scanning.kernel import mix_codes, mix_texts, mix_words

    texts, numbers = texts_as_stored(batch), numbers_as_stored(batch)
    if (alone := _hashed_alone(batch, texts)) is not None:
        return alone
    hashes = np.zeros(batch.rows, np.uint64)
    for name in batch.contract.key:
        if name in batch.lists:
            mix_codes(batch.lists[name].indexes, hashes)
        elif name in texts:
            _, given = texts[name]
            if isinstance(given, LeftTexts):
                if given.hashes is None:
                    return None
                mix_codes(given.hashes.view(np.int32), hashes)
            else:
                heaps = np.array([heap.address for heap in given.heaps], np.int64)
                mix_texts(address(given.views), len(given.views), address(heaps), hashes)
        elif name in numbers and batch.columns.numbers[numbers[name].name].itemsize == 8:
            mix_words(np.ascontiguousarray(batch.columns.numbers[numbers[name].name]).view(np.int64), hashes)
        else:
            return None
    if batch.days is not None:
        mix_codes(batch.days, hashes)
    return hashes


def _hashed_alone(batch: ScannedBatch, texts: Mapping[str, tuple[str, PlainTexts | LeftTexts]]) -> NDArray | None:
    """The hashes that the scanner made, where they are of all that makes a key."""
    name, *others = batch.contract.key
    _, given = texts.get(name, (None, None))
    return given.hashes if batch.days is None and not others and isinstance(given, LeftTexts) else None


def rows_alike(batch: ScannedBatch) -> NDArray[np.int64] | None:
    """All rows that may share their key with another one of the batch; None: not known."""
    contract, stay = batch.contract, ~batch.moved
    same_date = batch.days is None or contract.business_date_column in contract.key
    keys = sort_keys(batch, contract.sort_order) if set(contract.key) == set(contract.sort_order) else None
    if keys is not None and batch.arranged and same_date:
        rows = repeated_places(keys, stay)
    else:
        found = batch.looking.result() if batch.looking is not None else rows_of_one_key(batch)
        if found is None:
            return None
        rows = found
    return np.unique(np.concatenate([rows, _alike_mended(batch, stay)]))


def _alike_mended(batch: ScannedBatch, stay: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rows that may share their key with one that was read again, which may be among them itself."""
    con, stored = batch.con, texts_as_stored(batch)
    for name in batch.contract.key:
        _, texts = stored.get(name, (None, None))
        if isinstance(texts, LeftTexts) and texts.hashes is not None:
            mended = con.execute(
                f"SELECT _row, {sql_name(name)} AS key FROM {MENDED} WHERE _fault = 0"
            ).to_arrow_table()
            if not mended.num_rows:
                return np.empty(0, np.int64)
            met = rows_with(mended.column("key"), texts.hashes)
            return np.concatenate([mended.column("_row").to_numpy(), met[stay[met]]])
    key = f"hash({', '.join(map(sql_name, batch.contract.key))}, _date)"
    keys = con.execute(f"SELECT DISTINCT {key} AS h FROM {MENDED} WHERE _fault = 0").to_arrow_table()
    if not keys.num_rows:
        return np.empty(0, np.int64)
    con.register("keys", keys)
    found = con.execute(f"SELECT rowid FROM {TYPED} WHERE _fault = 0 AND {key} IN (SELECT h FROM keys)").fetchnumpy()
    con.unregister("keys")
    return np.asarray(found["rowid"], np.int64)


def rows_of_one_key(batch: ScannedBatch) -> NDArray[np.int64] | None:
    """The rows, of those that stay, that may share their key with another one of them; None: not known."""
    hashes = hashed_keys(batch)
    return None if hashes is None else rows_hashed_alike(hashes, ~batch.moved)


def begin_looking(batch: ScannedBatch) -> Future[NDArray[np.int64] | None] | None:
    """Have the rows of one key looked for beside what is done next. None where that may change their keys, or where there is
    no need."""
    contract = batch.contract
    changed = {
        contract.longitude,
        contract.latitude,
        *(c.stored.name for c in contract.columns if c.treatment and c.stored),
    }
    if set(contract.key) == set(contract.sort_order) or not changed.isdisjoint(contract.key):
        return None
    beside = ThreadPoolExecutor(1, thread_name_prefix="keys")
    looking = beside.submit(rows_of_one_key, batch)
    beside.shutdown(wait=False)
    return looking


def rows_with(texts: pa.ChunkedArray, hashes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The rows whose text one of these may be, by each row's hash of its text as the scanner makes it."""
    from ingestion.scanning.kernel import mix_texts

    wanted = np.zeros(len(texts), np.uint64)
    given = pc.fill_null(texts.combine_chunks(), "").cast(pa.string_view())
    _, views, *heaps = given.buffers()
    padded = [np.frombuffer(heap.to_pybytes() + bytes(SPARE), np.uint8) for heap in heaps]  # looked at in words
    places = np.array([address(heap) for heap in padded], np.int64)
    mix_texts(address(np.frombuffer(views, np.uint64)[2 * given.offset :]), len(texts), address(places), wanted)
    wanted = wanted.astype(np.uint32)
    few = np.zeros(_SIEVE, np.bool_)
    few[wanted % _SIEVE] = True
    found = np.flatnonzero(few[hashes % _SIEVE])
    return found[np.isin(hashes[found], wanted)]


def rows_hashed_alike(hashes: NDArray[np.unsignedinteger], stay: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rows, of those that `stay`, whose hash another one of them has too."""
    from ingestion.scanning.kernel import come_twice

    bits = max(_LEAST_BITS, 1 << (_BITS_A_ROW * len(hashes)).bit_length())
    once, twice = np.zeros((2, bits // 64), np.uint64)
    places = come_twice(hashes, stay, once, twice)  # among them rows that share bits alone
    found = hashes[places]
    _, which, counts = np.unique(found, return_inverse=True, return_counts=True)
    return places[counts[which] > 1]
