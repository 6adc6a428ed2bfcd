"""What the platform is told: contracts, what is derived from them, the map."""

from __future__ import annotations

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach, lake_exists
from operations.components import PROJECT
from operations.doctor.finding import Finding, note, ok, wrong

SOURCES = PROJECT / "dbt_project" / "models" / "staging" / "_bronze__sources.yml"


def contracts(_home: Home) -> Finding:
    from ingestion.contracts import BadContract, all_contracts

    try:
        found = all_contracts()
    except BadContract as error:
        return wrong(str(error), "correct the contract; data_contracts/README.md says what may stand in it")
    return ok(f"{len(found)} valid: {', '.join(contract.feed for contract in found)}")


def dbt_sources(_home: Home) -> Finding:
    from ingestion.dbt_sources import render

    if SOURCES.exists() and SOURCES.read_text() == render():
        return ok("as the contracts say")
    return wrong(f"{SOURCES.relative_to(PROJECT)} differs from the contracts", "python -m ingestion.dbt_sources")


def map_installed(home: Home) -> Finding:
    if not lake_exists(home, BRONZE):
        return note("not installed yet: the first build installs the project's own map")
    with open_engine(home, temp=False) as con:
        attach(con, home, BRONZE, read_only=True)
        known = con.execute(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND table_name = 'geography_townships'", [BRONZE]
        ).fetchone()
        row = (
            con.execute(f"SELECT count(*), bool_or(is_approximate) FROM {BRONZE}.geography_townships").fetchone()
            if known
            else None
        )
    if not row or not row[0]:
        return note("not installed yet: the first build installs the project's own map")
    boundaries = "approximate boundaries, the project's own" if row[1] else "imported boundaries"
    return ok(f"{row[0]} townships, {boundaries}")
