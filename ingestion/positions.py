"""Coordinates sent in GCJ-02 or BD-09 become WGS-84 before anything else looks at them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from geography.datum import to_wgs84
from ingestion.batch import STAGED, TYPED, Batch
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
    datum = "_datum::VARCHAR" if contract.datum_column is not None else f"'{fixed}'"
    lon, lat = sql_name(contract.longitude), sql_name(contract.latitude)
    wanted = f"_fault = 0 AND {datum} <> '{WGS84}' AND {lon} IS NOT NULL AND {lat} IS NOT NULL"
    con, converted = batch.con, 0
    reader = con.execute(
        f"SELECT rowid AS row, {lon} AS lon, {lat} AS lat, {datum} AS datum FROM {TYPED} WHERE {wanted}"
    ).to_arrow_reader(_BLOCK)
    moved = [_moved(part) for part in reader if part.num_rows]
    if moved:
        con.register("moved", pa.Table.from_batches(moved))
        con.execute(
            f"UPDATE {STAGED} SET {lon} = moved.lon, {lat} = moved.lat FROM moved WHERE {STAGED}.rowid = moved.row"
        )
        con.unregister("moved")
        converted = sum(part.num_rows for part in moved)
    return converted


def _moved(part: pa.RecordBatch) -> pa.RecordBatch:
    datum = np.asarray(part.column("datum").to_pylist(), dtype=object)
    lon, lat = to_wgs84(part.column("lon").to_numpy(), part.column("lat").to_numpy(), datum)
    return pa.RecordBatch.from_pydict({"row": part.column("row"), "lon": pa.array(lon), "lat": pa.array(lat)})
