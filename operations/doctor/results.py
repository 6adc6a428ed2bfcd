"""What came out: balanced accounting, the last build, the serving edition."""

from __future__ import annotations

import duckdb

from lake.bookkeeping import last_build as read_last_build
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, lake_exists
from operations.doctor.finding import Finding, note, ok, wrong


def accounting(home: Home) -> Finding:
    """received = accepted + quarantined + duplicate, for every file."""
    if not lake_exists(home, BRONZE):
        return note("nothing landed yet")
    with open_engine(home, temp=False) as con:
        attach(con, home, BRONZE, read_only=True)
        rows = con.execute(
            f"""SELECT feed, file_name FROM {BRONZE}.landing_files
                WHERE received <> accepted + quarantined + duplicate ORDER BY feed, file_name"""
        ).fetchall()
        total = con.execute(f"SELECT count(*), sum(received)::BIGINT FROM {BRONZE}.landing_files").fetchone()
    if rows:
        named = ", ".join(f"{feed}/{file}" for feed, file in rows[:5])
        return wrong(
            f"{len(rows)} files do not balance: {named}", "land these files again from landing/, then `yunjian build`"
        )
    files, received = total or (0, 0)
    return ok(f"{files} files, {received or 0:,} rows, all balanced")


def last_build(home: Home) -> Finding:
    if not lake_exists(home, WAREHOUSE):
        return note("nothing built yet")
    with open_engine(home, temp=False) as con:
        attach(con, home, WAREHOUSE, read_only=True)
        try:
            build = read_last_build(con)
        except duckdb.CatalogException:
            build = None
    if build is None:
        return note("nothing built yet")
    when = f"{build.finished_at:%Y-%m-%d %H:%M} UTC"
    if build.status != "passed":
        return wrong(
            f"the build of {when} {build.status}; the former edition serves",
            "Airflow -> build_governance_kpis names the model or test; mend it, then `yunjian build`",
        )
    return ok(f"passed {when}")


def edition(home: Home) -> Finding:
    if not home.published_file.exists():
        return note("none published yet: `yunjian run`, or wait for the scheduler")
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        row = con.execute("SELECT edition, published_at FROM editions ORDER BY edition DESC LIMIT 1").fetchone()
        dates = con.execute("SELECT min(business_date), max(business_date) FROM kpi_values").fetchone()
    if row is None or dates is None or dates[0] is None:
        return wrong(f"{home.published_file} holds no edition", "yunjian build --full && yunjian publish")
    return ok(f"{row[0]} serves {dates[0]} to {dates[1]}")
