"""The rows of a scanned batch, put in memory in the order in which they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.batch import MENDED
from ingestion.scanning.texts import CodedTexts, PlainTexts
from ingestion.scanning.word_list import WordList

if TYPE_CHECKING:
    from ingestion.scanned_batch import ScannedBatch

_THREADS = 2


def sort_keys(batch: ScannedBatch, names: Sequence[str]) -> list[NDArray] | None:
    """What stored columns sort by, each a number a row; None where one of them is not at hand."""
    keys = []
    sources = {c.stored.name: c.sources[0] for c in batch.contract.columns if c.stored and c.treatment is None}
    for name in names:
        words = batch.lists.get(name)
        if words is not None:
            keys.append(words.ranks())
        elif sources.get(name) in batch.columns.numbers:
            keys.append(np.ascontiguousarray(batch.columns.numbers[sources[name]]))
        else:
            return None
    return keys


def arrange(batch: ScannedBatch) -> bool:
    """Put the rows in the contract's order, those that stand in MENDED behind them; whether they are in order now."""
    names = batch.contract.sort_order
    keys = sort_keys(batch, names)
    if keys is None:
        return False
    stay = ~batch.moved
    if _lie_in_order(keys, stay):
        return True
    if keys[0].dtype == np.int32:
        # Sources mostly write as time goes by: with the first column in order, so are the others.
        _move(batch, _places(keys[0], batch.moved))
        keys = sort_keys(batch, names)
        assert keys is not None
        if is_sorted([key[: int(stay.sum())] for key in keys]):
            return True
    order = np.lexsort([*reversed(keys), batch.moved])
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    _move(batch, places)
    return True


def _lie_in_order(keys: Sequence[NDArray], stay: NDArray[np.bool_]) -> bool:
    from ingestion.scanning.kernel import rises

    if keys and keys[0].dtype == np.int64:
        if not rises(keys[0], stay):
            return False
        if len(keys) == 1:
            return True
    return is_sorted(keys if stay.all() else [key[stay] for key in keys])


def is_sorted(keys: Sequence[NDArray]) -> bool:
    """Whether the rows are in the order of the first key, equal ones in that of the second, and so on."""
    if not keys:
        return True
    same = np.True_
    for key in keys:
        if bool(((key[1:] < key[:-1]) & same).any()):
            return False
        same = (key[1:] == key[:-1]) & same
    return True


def repeated_places(keys: Sequence[NDArray], stay: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rows that have a neighbour with the same keys."""
    same = stay[1:] & stay[:-1]
    for key in keys:
        same &= key[1:] == key[:-1]
    first = np.flatnonzero(same)
    return np.union1d(first, first + 1)


def _places(codes: NDArray[np.int32], behind: NDArray[np.bool_]) -> NDArray[np.int32]:
    from ingestion.scanning.kernel import places_of

    places = np.empty(len(codes), np.int32)
    places_of(codes, behind, np.zeros(int(codes.max(initial=0)) + 2, np.int64), places)
    return places


def _move(batch: ScannedBatch, places: NDArray[np.int32]) -> None:
    """Put row i of everything at places[i]."""
    if batch.looking is not None:
        batch.looking.result()  # it looks at what is moved here
        batch.looking = None
    batch.withdraw()
    batch.bring()
    columns = batch.columns
    held: list[tuple[Any, Any]] = [(columns.numbers, name) for name in columns.numbers]
    held += [(columns.texts, name) for name in columns.texts]
    held += [(batch.lists, name) for name in batch.lists] + [(batch.keyed, name) for name in batch.keyed]
    held += [(vars(columns), "lines"), (vars(batch), "moved"), (vars(batch), "days")]

    spare = _Spare()

    def move(holder: dict[str, Any], name: str) -> None:
        holder[name] = _moved(holder[name], places, spare)

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="arrange") as pool:
        for moving in [pool.submit(move, *one) for one in held]:
            moving.result()
    con = batch.con
    was = con.execute(f"SELECT _row FROM {MENDED}").fetchnumpy()["_row"].astype(np.int64)
    con.register("places", pa.table({"_row": pa.array(was), "place": pa.array(places[was].astype(np.int64))}))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {MENDED} AS SELECT places.place AS _row, m.* EXCLUDE (_row) "
        f"FROM {MENDED} AS m JOIN places USING (_row) ORDER BY places.place"
    )
    con.unregister("places")


class _Spare:
    """What lies elsewhere now leaves its memory to the next column: fresh pages are dearer than the moving."""

    def __init__(self) -> None:
        self._arrays: dict[
            tuple[int, int], list[NDArray]
        ] = {}  # by bytes and dimensions; appending and popping are atomic

    def like(self, values: NDArray) -> NDArray:
        """Memory for an array of this type and shape, with whatever is in it."""
        try:
            return self._arrays.get((values.nbytes, values.ndim), []).pop().view(values.dtype)
        except IndexError:
            return np.empty_like(values)

    def give(self, values: NDArray) -> None:
        """Nobody looks at this any more."""
        self._arrays.setdefault((values.nbytes, values.ndim), []).append(values)


def _moved(values: Any, places: NDArray[np.int32], spare: _Spare) -> Any:
    """Any of a batch's columns with row i at places[i]; what it was before is overwritten by those moved after it."""
    from ingestion.scanning.kernel import put_bytes, put_codes, put_words

    match values:
        case None:
            return None
        case WordList():
            return WordList(values.values, _moved(values.indexes, places, spare), values.complete)
        case CodedTexts():
            return CodedTexts(_moved(values.codes, places, spare), values.words)
        case PlainTexts():
            return PlainTexts(_moved(values.views, places, spare), values.heaps)
        case pa.ChunkedArray():
            return values.take(pa.array(np.argsort(places)))
    if values.strides == (0,):
        return values  # nothing is given in any row
    target = spare.like(values)
    if values.ndim > 1:
        target[places] = values
    elif values.itemsize == 8:
        put_words(values.view(np.int64), places, target.view(np.int64))
    elif values.itemsize == 4:
        put_codes(values.view(np.int32), places, target.view(np.int32))
    else:
        put_bytes(values.view(np.uint8), places, target.view(np.uint8))
    spare.give(values)
    return target
