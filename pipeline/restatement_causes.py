"""Why a published figure changed: derived from what happened between two editions, never typed.

Between the edition that last agreed with the build and the build itself lie commits of the bronze lake (landings, replays,
a new map), each saying what it did, and perhaps another version of the rules. Those that touch the dates and feeds a KPI
rests on (`pipeline/lineage.py`) are its evidence; the first of these that applies is its cause:

rule_change   the figure was made by another version of its rule
replay        refused rows of its feeds and date were accepted after a mend
late_file     a file with new rows of its feeds and date arrived after the edition
correction    a file replaced rows of its feeds and date by newer ones
rule_change   the rule kept its version, but not its formula, floor or threshold
map_change    another map of the townships
code_change   models, contracts or parameters changed
late_file, replay, correction   rows of other dates arrived that the figure looks back on
unexplained   none of these: the figure should be looked at
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import structlog

from ingestion.contracts import all_contracts
from lake.bookkeeping import last_build
from lake.commit import one_state
from lake.engine import sql_name
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, current_snapshot
from lake.relations import table_names
from lake.restatements import RESTATED, SERVED, CauseFinder
from pipeline.flipped_rows import note_flipped_rows
from pipeline.lineage import Lineage, measures

log = structlog.get_logger(__name__)

_REPLAY, _LATE, _CORRECTION = "replay", "late_file", "correction"
_ARRIVALS = (_REPLAY, _LATE, _CORRECTION)
# What of a rule bears on its figures; a mended name or owner does not.
_RULE = ("areas", "coverage_floor", "small_count_threshold", "variant", "formula_zh", "formula_en")
_SHOWN = 20  # files named in the evidence of one figure


@dataclass(frozen=True)
class Arrival:
    """What one commit of bronze brought for one business date of a feed."""

    kind: str
    feed: str
    business_date: date
    file: str
    sha256: str
    commit: int | None
    new_rows: int
    replaced_rows: int
    late_rows: int


@dataclass(frozen=True)
class Since:
    """Where the search begins: the edition that last agreed with the build."""

    edition: str
    snapshot: int | None
    published_at: Any
    code_version: str | None


def cause_finder(home: Home) -> CauseFinder:
    """The finder that publication asks (`lake.restatements.CauseFinder`)."""

    def find(con: duckdb.DuckDBPyConnection) -> None:
        try:
            lineage = Lineage(home)
        except LookupError as missing:  # the figures are published all the same, and the ledger says what it lacks
            log.warning("causes cannot be derived", because=str(missing))
            return
        with one_state(con):
            upto, build, measure_of = current_snapshot(con, BRONZE), last_build(con), measures(con)
            code_version = build.code_version if build else "unknown"
            for since in _starts(con):
                _find(con, lineage, since, upto, code_version, measure_of)
        note_flipped_rows(con, home, lineage, measure_of)

    return find


def _starts(con: duckdb.DuckDBPyConnection) -> list[Since]:
    rows = con.execute(
        f"""SELECT r.since_edition, e.bronze_snapshot, e.published_at, e.code_version
            FROM (SELECT DISTINCT since_edition FROM {RESTATED}) AS r
            LEFT JOIN {WAREHOUSE}.main.editions AS e ON e.edition = r.since_edition ORDER BY 1"""
    ).fetchall()
    return [Since(*row) for row in rows]


def _find(
    con: duckdb.DuckDBPyConnection,
    lineage: Lineage,
    since: Since,
    upto: int,
    code_version: str,
    measure_of: Mapping[tuple[str, str], str],
) -> None:
    feeds = lineage.feeds_by_measure(con)
    arrivals = list(_arrivals(con, since, upto))
    by_feed_and_date: dict[tuple[str, date], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        by_feed_and_date[arrival.feed, arrival.business_date].append(arrival)
    in_effect = _in_effect(con)
    changed_rules = _changed_rules(con)
    new_map = _map_changed(con, since, upto)
    groups = con.execute(
        f"""SELECT DISTINCT kpi_code, business_date, as_rule_version, now_rule_version FROM {RESTATED}
            WHERE since_edition = ?""",
        [since.edition],
    ).fetchall()
    found: list[dict[str, Any]] = []
    for kpi_code, day, as_rule, now_rule in groups:
        measure = measure_of.get((kpi_code, now_rule or as_rule), kpi_code)
        if measure not in feeds:  # without a row: what it would be made of
            feeds[measure] = frozenset().union(*(lineage.feeds_of(mart) for mart in lineage.marts_naming(measure)))
        reads = feeds[measure]
        near = [a for feed in sorted(reads) for a in by_feed_and_date.get((feed, in_effect.get((feed, day), day)), ())]
        shown = near
        evidence: dict[str, Any] = {"bronze_snapshots": [since.snapshot, upto]}
        if as_rule != now_rule and now_rule is not None:
            cause = "rule_change"
            evidence["rule_version"] = [as_rule, now_rule]
        elif near:
            cause = _kind(near)
        elif (kpi_code, now_rule) in changed_rules:
            cause = "rule_change"
            evidence["rule_changed"] = changed_rules[kpi_code, now_rule]
        elif new_map:
            cause = "map_change"
        elif since.code_version is not None and since.code_version != code_version:
            cause = "code_change"
        else:
            shown = [a for a in arrivals if a.feed in reads]
            cause = _kind(shown) if shown else "unexplained"
        if since.code_version != code_version:
            evidence["code_version"] = [since.code_version, code_version]
        evidence |= _files(shown)
        found.append({
            "kpi_code": kpi_code, "business_date": day, "as_rule_version": as_rule, "now_rule_version": now_rule,
            "cause": cause, "evidence": json.dumps(evidence, ensure_ascii=False, default=str),
        })  # fmt: skip
        if cause == "unexplained":
            log.warning("a restated figure is unexplained", kpi=kpi_code, date=str(day), since=since.edition)
    _write(con, since, found)


def _write(con: duckdb.DuckDBPyConnection, since: Since, found: Sequence[Mapping[str, Any]]) -> None:
    con.register("found_causes", pa.Table.from_pylist(list(found)))
    con.execute(
        f"""UPDATE {RESTATED} AS r SET cause = f.cause, evidence = f.evidence FROM found_causes AS f
            WHERE r.since_edition = ? AND r.kpi_code = f.kpi_code AND r.business_date = f.business_date
              AND r.as_rule_version IS NOT DISTINCT FROM f.as_rule_version
              AND r.now_rule_version IS NOT DISTINCT FROM f.now_rule_version""",
        [since.edition],
    )
    con.unregister("found_causes")


def _kind(arrivals: Iterable[Arrival]) -> str:
    kinds = {arrival.kind for arrival in arrivals}
    return next(kind for kind in _ARRIVALS if kind in kinds)


def _files(arrivals: Sequence[Arrival]) -> dict[str, Any]:
    if not arrivals:
        return {}
    return {
        "files": [
            {key: value for key, value in vars(a).items() if value not in (None, 0)} for a in arrivals[:_SHOWN]
        ],
        "files_in_all": len(arrivals),
    }  # fmt: skip


def _arrivals(con: duckdb.DuckDBPyConnection, since: Since, upto: int) -> Iterable[Arrival]:
    """What landed or was replayed after `since`, up to the bronze snapshot `upto`, by file and business date."""
    for commit, action, feed, file, sha256 in _commits(con, since, upto):
        rows = con.execute(
            f"""SELECT business_date, accepted, late FROM {BRONZE}.main.landing_accounting
                WHERE feed = ? AND file_sha256 = ? AND business_date IS NOT NULL""",
            [feed, sha256],
        ).fetchall()
        if not rows:
            continue
        present = dict(
            con.execute(
                f"""SELECT business_date, count(*) FROM {BRONZE}.main.{sql_name(feed)}
                    WHERE business_date IN (SELECT unnest(?::DATE[])) AND _file_sha256 = ? GROUP BY ALL""",
                [[day for day, *_ in rows], sha256],
            ).fetchall()
        )
        for day, accepted, late in rows:
            # A row that replaces another counts as a duplicate of it: the date has as many rows as before.
            replaced = max(0, present.get(day, 0) - accepted)
            if accepted or replaced:
                kind = _REPLAY if action == "replay" else _LATE if accepted else _CORRECTION
                yield Arrival(kind, feed, day, file, sha256, commit, accepted, replaced, late)


def _commits(con: duckdb.DuckDBPyConnection, since: Since, upto: int) -> list[tuple[Any, ...]]:
    """(snapshot, action, feed, file, sha256) of landings and replays."""
    if since.snapshot is not None:
        rows = con.execute(
            f"""SELECT snapshot_id, try_cast(commit_extra_info AS JSON) FROM {BRONZE}.snapshots()
                WHERE snapshot_id > ? AND snapshot_id <= ? ORDER BY snapshot_id""",
            [since.snapshot, upto],
        ).fetchall()
        if len(rows) == upto - since.snapshot:  # else some have expired, and with them what they said
            said = [(snapshot, json.loads(extra)) for snapshot, extra in rows if extra]
            return [
                (snapshot, extra["action"], extra["feed"], extra["file"], extra["sha256"])
                for snapshot, extra in said
                if extra.get("action") == "replay"
                or (extra.get("action") == "land" and extra.get("status", "landed") == "landed" and extra.get("sha256"))
            ]
    return con.execute(
        f"""SELECT NULL, 'land', feed, file_name, file_sha256 FROM {BRONZE}.main.landing_files
            WHERE status = 'landed' AND landed_at > ? ORDER BY landed_at, file_name""",
        [since.published_at],
    ).fetchall()


def _in_effect(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, date], date]:
    """The snapshot of each register that the build used on a date, by feed and date."""
    registers = [contract.feed for contract in all_contracts() if contract.mode == "snapshot"]
    if "int_register_days" not in table_names(con, WAREHOUSE, "intermediate"):
        return {}
    rows = con.execute(
        f"""SELECT feed, business_date, snapshot_date FROM {WAREHOUSE}.intermediate.int_register_days
            WHERE feed IN (SELECT unnest(?::VARCHAR[])) AND business_date IN (SELECT business_date FROM {RESTATED})""",
        [registers],
    ).fetchall()
    return {(feed, day): snapshot for feed, day, snapshot in rows}


def _changed_rules(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """The columns that differ between the serving file's rulebook and the warehouse's, by KPI and version."""
    catalogs = {row[0] for row in con.execute("SELECT database_name FROM duckdb_databases()").fetchall()}
    if SERVED not in catalogs:
        return {}
    old = {row[0] for row in con.execute(f"DESCRIBE {SERVED}.main.kpi_definitions").fetchall()}
    new = {row[0] for row in con.execute(f"DESCRIBE {WAREHOUSE}.published.kpi_definitions").fetchall()}
    columns = [column for column in _RULE if column in old & new]
    if not columns:
        return {}
    differs = ", ".join(f"CASE WHEN a.{column} IS DISTINCT FROM b.{column} THEN '{column}' END" for column in columns)
    rows = con.execute(
        f"""SELECT kpi_code, rule_version, list_filter([{differs}], c -> c IS NOT NULL) AS changed
            FROM {SERVED}.main.kpi_definitions AS a
            JOIN {WAREHOUSE}.published.kpi_definitions AS b USING (kpi_code, rule_version)
            WHERE len(changed) > 0"""
    ).fetchall()
    return {(kpi_code, version): changed for kpi_code, version, changed in rows}


def _map_changed(con: duckdb.DuckDBPyConnection, since: Since, upto: int) -> bool:
    if since.published_at is None:
        return False
    if "geography_installs" not in table_names(con, BRONZE, "main"):
        return False
    if since.snapshot is not None:
        table = f"{BRONZE}.main.geography_installs"
        try:
            before, now = (
                con.execute(f"SELECT count(*) FROM {table} AT (VERSION => {int(at)})").fetchone()
                for at in (since.snapshot, upto)
            )
            return before != now
        except duckdb.Error:  # the snapshot has expired
            pass
    row = con.execute(
        f"SELECT count(*) FROM {BRONZE}.main.geography_installs WHERE installed_at > ?", [since.published_at]
    ).fetchone()
    return bool(row and row[0])
