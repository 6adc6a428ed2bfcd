"""What must hold before an edition may serve. Each check gives sentences for people; none of them means it passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from lake.bookkeeping import Build
from lake.content_hash import row_text_of
from lake.engine import sql_name
from lake.lakes import BRONZE
from lake.official_values import KEY, SAID, VALUES, WITHDRAWN
from lake.published_contract import EDITIONS, HISTORY, PublishedTable, is_of_kind, published_tables
from lake.relations import table_columns, table_names

_COUNTS = ("received", "accepted", "quarantined", "duplicate", "late")


def build_problems(build: Build | None) -> list[str]:
    """A failed build has already replaced some published tables and not others."""
    if build is None:
        return ["nothing has been built yet"]
    if build.status != "passed":
        return [f"the last build ({build.build_id}) {build.status}: its tables must not be shown"]
    return []


def contract_problems(con: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    """Where the tables of a built file (attached as `catalog`) break `published_tables.yml`."""
    present = table_columns(con, catalog, "main")
    problems = []
    for name, wanted in published_tables().items():
        if name not in present:
            problems.append(f"{name}: the table is missing")
            continue
        shape = _shape_problems(name, present[name], wanted)
        problems += shape or _row_problems(con, catalog, name, wanted)
    return problems


def accounting_problems(con: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    """Where a row got lost between the received files and the accounting that the built file shows."""
    present = set(table_names(con, BRONZE, "main"))
    absent = [table for table in ("landing_files", "landing_accounting") if table not in present]
    if absent:
        return [f"bronze has no table {table}: nothing can be accounted for" for table in absent]
    files = f"{BRONZE}.main.landing_files"
    accounting = f"{BRONZE}.main.landing_accounting"
    published = f"{sql_name(catalog)}.main.data_accounting"
    totals = ", ".join(f"coalesce(sum({count}), 0) AS {count}" for count in _COUNTS)
    differs = " OR ".join(f"coalesce(a.{count}, 0) <> coalesce(b.{count}, 0)" for count in _COUNTS)
    unbalanced = "coalesce(received, 0) <> coalesce(accepted, 0) + coalesce(quarantined, 0) + coalesce(duplicate, 0)"
    return [
        *_found(
            con,
            f"SELECT feed || ' ' || coalesce(file_name, file_sha256) FROM {files} WHERE {unbalanced}",
            "accounting: received is not accepted + quarantined + duplicate for file(s)",
        ),
        *_found(
            con,
            f"SELECT feed || ' ' || business_date FROM {accounting} WHERE {unbalanced}",
            "accounting: received is not accepted + quarantined + duplicate for date(s)",
        ),
        *_found(
            con,
            f"""SELECT coalesce(a.feed || ' ' || a.file_sha256, b.feed || ' ' || b.file_sha256)
                FROM (SELECT feed, file_sha256, {totals} FROM {files} GROUP BY ALL) a
                FULL JOIN (SELECT feed, file_sha256, {totals} FROM {accounting} GROUP BY ALL) b
                  ON a.feed = b.feed AND a.file_sha256 = b.file_sha256
                WHERE {differs}""",
            "accounting: the dates do not add up to the file for",
        ),
        *_found(
            con,
            f"""SELECT coalesce(a.feed, b.feed)
                FROM (SELECT feed, {totals} FROM {accounting} GROUP BY ALL) a
                FULL JOIN (SELECT feed, {totals} FROM {published} GROUP BY ALL) b ON a.feed = b.feed
                WHERE {differs}""",
            "data_accounting: does not add up to what landing counted for feed(s)",
        ),
    ]


def history_problems(con: duckdb.DuckDBPyConnection, catalog: str) -> list[str]:
    """Where the history of a built file, asked as of its own edition, does not give the figures the file shows."""
    tables = f"{sql_name(catalog)}.main"
    said = row_text_of(SAID)
    shown = f"SELECT {', '.join(KEY)}, {said} AS said FROM {tables}.{VALUES}"
    remembered = (
        f"SELECT {', '.join(KEY)}, {said} AS said FROM {tables}.{HISTORY} WHERE status <> '{WITHDRAWN}' "
        f"AND (SELECT max(edition) FROM {tables}.{EDITIONS}) BETWEEN first_edition AND last_edition"
    )
    return _found(
        con,
        f"""SELECT coalesce(a.kpi_code || ' ' || a.area_code || ' ' || a.business_date,
                            b.kpi_code || ' ' || b.area_code || ' ' || b.business_date)
            FROM ({shown}) a FULL JOIN ({remembered}) b ON {" AND ".join(f"a.{key} = b.{key}" for key in KEY)}
            WHERE a.said IS DISTINCT FROM b.said""",
        f"{HISTORY}: does not give what {VALUES} says for",
    )


def _shape_problems(name: str, types: Mapping[str, str], wanted: PublishedTable) -> list[str]:
    problems = []
    for column, kind in wanted.columns.items():
        if column not in types:
            problems.append(f"{name}.{column}: the column is missing")
        elif not is_of_kind(types[column], kind):
            problems.append(f"{name}.{column}: is {types[column]}, not {kind}")
    return problems


def _row_problems(con: duckdb.DuckDBPyConnection, catalog: str, name: str, wanted: PublishedTable) -> list[str]:
    table = f"{sql_name(catalog)}.main.{sql_name(name)}"
    row_name = _row_name(wanted.key or tuple(wanted.columns)[:3])
    problems, faults = [], []
    if wanted.key:
        key = ", ".join(map(sql_name, wanted.key))
        problems += _found(
            con, f"SELECT {row_name} FROM {table} GROUP BY {key} HAVING count(*) > 1", f"{name}: more than one row for"
        )
        no_key = " OR ".join(f"{sql_name(column)} IS NULL" for column in wanted.key)
        faults.append((no_key, f"{name}: a key column is empty for"))
    faults += [(f"({rule.holds}) IS NOT TRUE", f"{name}: {rule.says} for") for rule in wanted.rules]
    # Of the rows of a sound table one question is enough: most of a small query is its planning.
    if faults and _is_any(con, f"SELECT 1 FROM {table} WHERE {' OR '.join(f'({fault})' for fault, _ in faults)}"):
        for fault, says in faults:
            problems += _found(con, f"SELECT {row_name} FROM {table} WHERE {fault}", says)
    if wanted.explained:
        by = f"{sql_name(catalog)}.main.{sql_name(wanted.explained.by)}"
        on = " AND ".join(f"t.{sql_name(column)} = d.{sql_name(column)}" for column in wanted.explained.columns)
        unexplained = f"SELECT DISTINCT {_row_name(wanted.explained.columns)} FROM {table} t ANTI JOIN {by} d ON {on}"
        problems += _found(con, unexplained, f"{name}: {wanted.explained.by} does not explain")
    return problems


def _row_name(columns: Sequence[str]) -> str:
    return "concat_ws(' ', " + ", ".join(f"coalesce({sql_name(column)}::VARCHAR, '?')" for column in columns) + ")"


def _found(con: duckdb.DuckDBPyConnection, query: str, says: str) -> list[str]:
    """One sentence with the number of cases and the first three by name; none when there is no case."""
    if not _is_any(con, query):
        return []
    row = con.execute(
        f"SELECT count(*), list(name ORDER BY name)[:3] FROM (SELECT * FROM ({query}) AS q(name))"
    ).fetchone()
    assert row is not None
    cases, first = row
    names = ", ".join(str(name) for name in first)
    return [f"{says} {names}" + (f" and {cases - 3} more" if cases > 3 else "")]


def _is_any(con: duckdb.DuckDBPyConnection, query: str) -> bool:
    return con.execute(f"SELECT 1 FROM ({query}) LIMIT 1").fetchone() is not None
