"""Coordinates sent in GCJ-02 or BD-09 become WGS-84 before anything else looks at them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geography.datum import to_wgs84
from ingestion.batch import MENDED, STAGED, TYPED, Batch
from ingestion.rules.compiler import DATUM
from ingestion.scanned_batch import ScannedBatch
from lake.engine import sql_name

WGS84 = "WGS84"
_BLOCK = 500_000  # rows converted at a time


def convert_positions(batch: Batch) -> int:
    """Convert the good rows whose datum (row by row, or fixed by the contract) is not WGS-84; returns how many."""
    contract = batch.contract
    if contract.longitude is None or contract.latitude is None:
        return 0
    fixed = contract.column(contract.longitude).datum
    if contract.datum_column is None and fixed in (None, WGS84):
        return 0
    if isinstance(batch, ScannedBatch):
        return _convert_in_memory(batch, fixed) + _convert(batch, MENDED, MENDED, fixed)
    return _convert(batch, TYPED, STAGED, fixed)


def _convert_in_memory(batch: ScannedBatch, fixed: str | None) -> int:
    """The rows that the scanner read, in its own arrays."""
    contract, numbers = batch.contract, batch.columns.numbers
    assert contract.longitude is not None and contract.latitude is not None
    lon, lat = (numbers.get(contract.column(name).sources[0]) for name in (contract.longitude, contract.latitude))
    if lon is None or lat is None:
        return 0  # the file has none
    placed = ~batch.moved & ~np.isnan(lon) & ~np.isnan(lat)
    converted = 0
    for datum, rows in _by_datum(batch, fixed):
        where = np.flatnonzero(placed & rows)
        if not len(where):
            continue  # what nobody gives is not to be written to
        for block in np.array_split(where, range(_BLOCK, len(where), _BLOCK)):
            named = np.full(len(block), datum, dtype=object)
            lon[block], lat[block] = to_wgs84(lon[block], lat[block], named)
        converted += len(where)
    return converted


def _by_datum(batch: ScannedBatch, fixed: str | None) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each datum but WGS-84 with its rows."""
    if batch.contract.datum_column is None or DATUM in batch.rules.constants:
        one = fixed
        if batch.contract.datum_column is not None:
            row = batch.con.execute(f"SELECT {batch.rules.constants[DATUM]}").fetchone()
            one = row[0] if row else None
        if one not in (None, WGS84):
            yield str(one), np.ones(batch.rows, np.bool_)
        return
    listed = batch.lists[DATUM]
    for index, datum in enumerate(listed.values.to_pylist()):
        if datum != WGS84:
            yield datum, listed.indexes == index


def _convert(batch: Batch, source: str, target: str, fixed: str | None) -> int:
    """The rows of a relation with row ids, changed in the table it is of."""
    contract = batch.contract
    assert contract.longitude is not None and contract.latitude is not None
    datum = f"'{fixed}'"
    if contract.datum_column is not None:
        datum = f"({batch.rules.constants[DATUM]})" if DATUM in batch.rules.constants else "_datum::VARCHAR"
    lon, lat = sql_name(contract.longitude), sql_name(contract.latitude)
    if contract.longitude in batch.rules.constants or contract.latitude in batch.rules.constants:
        return 0
    wanted = f"_fault = 0 AND {datum} <> '{WGS84}' AND {lon} IS NOT NULL AND {lat} IS NOT NULL"
    con, converted = batch.con, 0
    reader = con.execute(
        f"SELECT rowid AS row, {lon} AS lon, {lat} AS lat, {datum} AS datum FROM {source} WHERE {wanted}"
    ).to_arrow_reader(_BLOCK)
    moved = [_moved(part) for part in reader if part.num_rows]
    if moved:
        con.register("moved", pa.Table.from_batches(moved))
        con.execute(
            f"UPDATE {target} SET {lon} = moved.lon, {lat} = moved.lat FROM moved WHERE {target}.rowid = moved.row"
        )
        con.unregister("moved")
        converted = sum(part.num_rows for part in moved)
    return converted


def _moved(part: pa.RecordBatch) -> pa.RecordBatch:
    datum = np.asarray(part.column("datum").to_pylist(), dtype=object)
    lon, lat = to_wgs84(part.column("lon").to_numpy(), part.column("lat").to_numpy(), datum)
    return pa.RecordBatch.from_pydict({"row": part.column("row"), "lon": pa.array(lon), "lat": pa.array(lat)})
