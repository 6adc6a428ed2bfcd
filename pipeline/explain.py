"""From a figure to its rule, its rows, its files and its editions: what an official shows when it is contested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from ingestion.contracts import Contract, all_contracts
from lake.content_hash import column_types
from lake.engine import open_engine, sql_name
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, detach
from lake.relations import table_names
from pipeline.flipped_rows import snapshot_of
from pipeline.lineage import KPI_VALUES, LAYERS, Lineage, Model, exists, measures
from pipeline.restate import list_restatements

ROWS_SHOWN = 1000
_DISTRICT_CODE_LENGTH = 6


def explain(
    home: Home, kpi_code: str, area_code: str, business_date: date, *, with_rows: bool = False
) -> dict[str, Any]:
    """Where the serving edition's figure of a KPI, area and date comes from.

    Returns `figure` (value, parts, coverage, status, what is pending), `rule` (its text in both languages), `layers`
    (each model it is made of, with the rows it read there), `sources` (each received file with rows of the date:
    name, SHA-256, rows, first and last line), `edition` (with its bronze snapshot), `history` (what earlier editions
    said) and `restatements`. `rows` are the ids of the rows behind it, with file and line, when the caller says that its
    user may see them (`with_rows`) and the KPI's mart declares that they may be shown (cases); rows that stand for
    persons or vehicles are never named. Raises LookupError when the edition has no such figure.
    """
    published = _published(home, kpi_code, area_code, business_date)
    lineage = Lineage(home)
    with open_engine(home) as con:
        state = _attach_as_of(con, home, published["edition"])
        measure = measures(con).get((kpi_code, str(published["figure"]["rule_version"])), kpi_code)
        marts = lineage.marts_of(con, measure)
        feeds = sorted(frozenset().union(*(lineage.feeds_of(mart) for mart in marts)))
        by_name = {contract.feed: contract for contract in all_contracts()}
        dates = _dates_in_effect(con, business_date)
        answer = {
            "kpi_code": kpi_code,
            "area_code": area_code,
            "business_date": business_date.isoformat(),
            **published,
            "as_of": state,
            "layers": _layers(con, lineage, marts, (kpi_code, measure), area_code, business_date),
            "sources": [file for feed in feeds for file in _files(con, by_name[feed], dates.get(feed, business_date))],
        }
        answer["rows"] = None
        if with_rows:
            answer["rows"] = _rows(con, lineage, measure, area_code, business_date, by_name)
    answer["restatements"] = list_restatements(
        home, kpi_code=kpi_code, area_code=area_code, business_date=business_date
    )
    return answer


def _published(home: Home, kpi_code: str, area_code: str, day: date) -> dict[str, Any]:
    if not home.published_file.exists():
        raise LookupError("nothing has been published yet")
    key = [kpi_code, area_code, day]
    with duckdb.connect(str(home.published_file), read_only=True) as con:
        figures = _dicts(
            con, f"SELECT * FROM {KPI_VALUES} WHERE kpi_code = ? AND area_code = ? AND business_date = ?", key
        )
        if not figures:
            raise LookupError(_missing(con, kpi_code, area_code, day))
        figure = {name: value for name, value in figures[0].items() if name not in ("kpi_code", "area_code")}
        del figure["business_date"]
        (edition,) = _dicts(con, "SELECT * FROM editions WHERE edition = ?", [figure.pop("edition")])
        rules = _dicts(
            con,
            "SELECT * FROM kpi_definitions WHERE kpi_code = ? AND rule_version = ?",
            [kpi_code, figure["rule_version"]],
        )
        history = _dicts(
            con,
            """SELECT first_edition, last_edition, value, numerator, denominator, coverage, status, rule_version
               FROM kpi_value_history WHERE kpi_code = ? AND area_code = ? AND business_date = ?
               ORDER BY first_edition""",
            key,
        )
    return {"figure": figure, "rule": rules[0] if rules else None, "edition": edition, "history": history}


def _missing(con: duckdb.DuckDBPyConnection, kpi_code: str, area_code: str, day: date) -> str:
    """Why there is no such figure, in words."""
    known = con.execute(
        f"""SELECT bool_or(kpi_code = $kpi), bool_or(area_code = $area),
                   bool_or(kpi_code = $kpi AND area_code = $area), min(business_date), max(business_date)
            FROM {KPI_VALUES}""",
        {"kpi": kpi_code, "area": area_code},
    ).fetchone()
    assert known is not None
    has_kpi, has_area, has_both, first, last = known
    if not has_kpi:
        return f"no KPI is called {kpi_code!r}"
    if not has_area:
        return f"no area has the code {area_code!r}"
    if not has_both:
        return f"{kpi_code} is not published for {area_code}"
    return f"nothing arrived for {day}: the edition has figures from {first} to {last}"


def _attach_as_of(con: duckdb.DuckDBPyConnection, home: Home, edition: Mapping[str, Any]) -> dict[str, Any]:
    """Attach both lakes as they were when the edition was made; where that past is gone, as they are now."""
    attach(con, home, WAREHOUSE, read_only=True)
    name = str(edition["edition"])
    # As the warehouse remembers it: after a rebuild the numbers in the published file are those of the lake before.
    noted = con.execute(f"SELECT bronze_snapshot FROM {WAREHOUSE}.main.editions WHERE edition = ?", [name]).fetchone()
    wanted = {WAREHOUSE: snapshot_of(con, name), BRONZE: noted[0] if noted else None}
    detach(con, WAREHOUSE)
    state: dict[str, Any] = {}
    for name, snapshot in wanted.items():
        try:
            if snapshot is None:
                raise LookupError
            attach(con, home, name, snapshot=int(snapshot))
            table_names(con, name, "main")
            state[name] = int(snapshot)
        except (LookupError, duckdb.Error):
            if snapshot is not None and _is_attached(con, name):
                detach(con, name)
            attach(con, home, name, read_only=True)
            state[name] = "now: the past of the edition is no longer kept"
    return state


def _is_attached(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return con.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = ?", [name]).fetchone() is not None


def _dates_in_effect(con: duckdb.DuckDBPyConnection, day: date) -> dict[str, date]:
    """The snapshot of each register that the build used on the date."""
    if "int_register_days" not in table_names(con, WAREHOUSE, "intermediate"):
        return {}
    rows = con.execute(
        f"SELECT feed, snapshot_date FROM {WAREHOUSE}.intermediate.int_register_days WHERE business_date = ?", [day]
    ).fetchall()
    return dict(rows)


def _layers(
    con: duckdb.DuckDBPyConnection,
    lineage: Lineage,
    marts: Sequence[str],
    codes: tuple[str, str],
    area_code: str,
    day: date,
) -> list[dict[str, Any]]:
    published = next(i for i, m in lineage.models.items() if (m.layer, m.table) == ("published", KPI_VALUES))
    upstream = [one for one in lineage.upstream(published) if one in lineage.models]
    judged = [one for one in upstream if set(lineage.upstream(one)) & set(marts)]  # the way from measure to figure
    names = dict.fromkeys([published, *judged, *(one for mart in marts for one in lineage.upstream(mart))])
    models = [lineage.models[one] for one in names if one in lineage.models]
    models.sort(key=lambda model: (-LAYERS.index(model.layer), model.name))
    return [_counted(con, model, codes, area_code, day) for model in models if exists(con, model)]


def _counted(
    con: duckdb.DuckDBPyConnection, model: Model, codes: tuple[str, str], area_code: str, day: date
) -> dict[str, Any]:
    """`codes` are the KPI's, and its measure's: what marts call it before a rule has judged it."""
    columns = column_types(con, WAREHOUSE, model.layer, model.table)
    kpi_code, measure = codes
    wanted = {
        "kpi_code": kpi_code if "rule_version" in columns else measure,
        "business_date": day,
        "area_code": area_code,
    }
    wanted = {column: value for column, value in wanted.items() if column in columns}
    rows = _count(con, model, wanted)
    if not rows and "area_code" in wanted and len(area_code) == _DISTRICT_CODE_LENGTH:
        del wanted["area_code"]  # a model of townships: the district is all of them
        rows = _count(con, model, wanted)
    return {
        "layer": model.layer,
        "model": model.name,
        "rows": rows,
        "of": [column.removesuffix("_code") for column in wanted] or ["all"],
        "path": model.path,
        "description": model.description,
    }


def _count(con: duckdb.DuckDBPyConnection, model: Model, wanted: Mapping[str, Any]) -> int:
    where = " AND ".join(f"{column} = ?" for column in wanted) or "true"
    row = con.execute(f"SELECT count(*) FROM {model.relation} WHERE {where}", [*wanted.values()]).fetchone()
    assert row is not None
    return int(row[0])


def _files(con: duckdb.DuckDBPyConnection, contract: Contract, day: date) -> list[dict[str, Any]]:
    """The received files that the feed's rows of a date came from."""
    if contract.feed not in table_names(con, BRONZE, "main"):
        return []
    found = _dicts(
        con,
        f"""
        SELECT f.file_name AS file, b._file_sha256 AS sha256, b.rows, b.first_line, b.last_line, f.file_date,
               f.received_at, f.landed_at
        FROM (
            SELECT _file_sha256, count(*) AS rows, min(_line) AS first_line, max(_line) AS last_line
            FROM {BRONZE}.main.{sql_name(contract.feed)} WHERE business_date = ? GROUP BY ALL
        ) AS b
        LEFT JOIN {BRONZE}.main.landing_files AS f
            ON f.file_sha256 = b._file_sha256 AND f.feed = ? AND f.status = 'landed'
                AND (NOT ? OR f.file_date = ?)
        ORDER BY file, sha256
        """,
        [day, contract.feed, contract.business_date_column is None, day],
    )
    return [{"feed": contract.feed, "business_date": day, **file} for file in found]


def _rows(
    con: duckdb.DuckDBPyConnection,
    lineage: Lineage,
    measure: str,
    area_code: str,
    day: date,
    contracts: Mapping[str, Contract],
) -> list[dict[str, Any]]:
    """The rows that marts declare may be named, with file and line; none where their feed holds personal data."""
    found: list[dict[str, Any]] = []
    for mart in lineage.row_marts():
        if not exists(con, mart):
            continue
        columns = column_types(con, WAREHOUSE, mart.layer, mart.table)
        traced = [name for name in ("feed", "told_on") if name in columns]
        rows = _dicts(
            con,
            f"""SELECT row_id::VARCHAR AS row_id, is_in_numerator, is_in_denominator{"".join(f", {n}" for n in traced)}
                FROM {mart.relation} WHERE kpi_code = ? AND area_code = ? AND business_date = ?
                ORDER BY row_id LIMIT {ROWS_SHOWN}""",
            [measure, area_code, day],
        )
        rows = [row for row in rows if not _is_personal(contracts.get(str(row.get("feed"))))]
        for feed in {row["feed"] for row in rows if row.get("told_on")}:
            _trace(con, contracts[feed], [row for row in rows if row["feed"] == feed])
        found += rows
    return found


def _trace(con: duckdb.DuckDBPyConnection, contract: Contract, rows: list[dict[str, Any]]) -> None:
    """Add file, hash and line of the landed row that each of `rows` rests on."""
    (key,) = contract.key
    places = con.execute(
        f"""SELECT b.{sql_name(key)}::VARCHAR, b.business_date, any_value(f.file_name), b._file_sha256, b._line
            FROM {BRONZE}.main.{sql_name(contract.feed)} AS b
            LEFT JOIN {BRONZE}.main.landing_files AS f ON f.file_sha256 = b._file_sha256 AND f.feed = ?
            WHERE b.business_date IN (SELECT unnest(?::DATE[])) AND b.{sql_name(key)}::VARCHAR IN (SELECT unnest(?::VARCHAR[]))
            GROUP BY ALL""",
        [contract.feed, [row["told_on"] for row in rows], [row["row_id"] for row in rows]],
    ).fetchall()
    by_row = {(key, told): place for key, told, *place in places}
    for row in rows:
        row["file"], row["sha256"], row["line"] = by_row.get((row["row_id"], row["told_on"]), (None, None, None))


def _is_personal(contract: Contract | None) -> bool:
    return contract is not None and contract.has_personal_data


def _dicts(con: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    result = con.execute(sql, list(values))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
