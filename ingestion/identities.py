"""Identities in a batch are replaced by keyed pseudonyms: each distinct value once, the key never in SQL."""

from __future__ import annotations

import itertools

import pyarrow as pa

from ingestion.batch import TYPED, Batch
from ingestion.columns import LIST_SEPARATOR
from ingestion.pseudonyms import pseudonymise
from ingestion.scanned_batch import ScannedBatch
from ingestion.secrets import load_key
from lake.engine import sql_name
from lake.home import Home

_FEW = 20_000  # distinct values up to which a column of pseudonyms is kept as codes of a list
_serial = itertools.count(1)


def pseudonymise_batch(batch: Batch, home: Home) -> None:
    """Fill `batch.pseudonyms`: a temporary table (value, pseudonym) for each column whose treatment is `hmac` or `hmac_list`.

    Where few identities have many rows (terminals, not residents) the pseudonyms are an ENUM in their own order:
    rows then sort by small integers instead of 64 characters, and are written as a dictionary.
    """
    if isinstance(batch, ScannedBatch):
        batch.pseudonymise(load_key(home))
        return
    tables: dict[str, str] = {}
    for column in batch.contract.columns:
        treatment, stored = column.treatment, column.stored
        if treatment is None or treatment.kind not in ("hmac", "hmac_list") or stored is None:
            continue
        name, table = sql_name(stored.name), f"pseudonyms_{next(_serial)}"
        con = batch.con
        values = con.execute(
            f"SELECT DISTINCT {name} AS value FROM {TYPED} WHERE _fault = 0 AND {name} IS NOT NULL"
        ).to_arrow_table()
        named = _of_lists if treatment.kind == "hmac_list" else pseudonymise
        values = values.append_column("pseudonym", named(values.column("value"), load_key(home)))
        con.register("keyed", values)
        kind = "VARCHAR"
        if 0 < values.num_rows <= _FEW and treatment.kind == "hmac":
            kind = f"{table}_list"
            con.execute(f"CREATE TYPE {kind} AS ENUM (SELECT DISTINCT pseudonym FROM keyed ORDER BY pseudonym)")
        con.execute(f"CREATE TEMP TABLE {table} AS SELECT value, pseudonym::{kind} AS pseudonym FROM keyed")
        con.unregister("keyed")
        tables[stored.name] = table
    batch.pseudonyms = tables


def _of_lists(lists: pa.ChunkedArray, key: bytes) -> pa.ChunkedArray:
    """Each text of joined identities as their pseudonyms, sorted: their order would else tell that of the identities."""
    members = [text.split(LIST_SEPARATOR) for text in lists.to_pylist()]
    each = pa.array(sorted({member for some in members for member in some}), pa.string())
    keyed = dict(zip(each.to_pylist(), pseudonymise(each, key).to_pylist(), strict=True))
    joined = [LIST_SEPARATOR.join(sorted(keyed[member] for member in some)) for some in members]
    return pa.chunked_array([pa.array(joined, pa.string())])
