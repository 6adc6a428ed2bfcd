"""Identities in a batch are replaced by keyed pseudonyms: each distinct value once, the key never in SQL."""

from __future__ import annotations

from ingestion.batch import TYPED, Batch
from ingestion.pseudonyms import pseudonymise
from ingestion.secrets import load_key
from lake.engine import sql_name
from lake.home import Home


def pseudonymise_batch(batch: Batch, home: Home) -> None:
    """Fill `batch.pseudonyms`: a temporary table (value, pseudonym) for each column whose treatment is `hmac`."""
    tables: dict[str, str] = {}
    for column in batch.contract.columns:
        treatment, stored = column.treatment, column.stored
        if treatment is None or treatment.kind != "hmac" or stored is None:
            continue
        name, table = sql_name(stored.name), f"pseudonyms_{len(tables)}"
        con = batch.con
        values = con.execute(
            f"SELECT DISTINCT {name} AS value FROM {TYPED} WHERE _fault = 0 AND {name} IS NOT NULL"
        ).to_arrow_table()
        values = values.append_column("pseudonym", pseudonymise(values.column("value"), load_key(home)))
        con.register("keyed", values)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT value, pseudonym FROM keyed")
        con.unregister("keyed")
        tables[stored.name] = table
    batch.pseudonyms = tables
