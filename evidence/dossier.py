"""Everything one finding on one trip rests on, gathered from one state of both lakes and from landing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import duckdb

from evidence.alarms import alarms_of
from evidence.permit import permit_of, sites_of
from evidence.read_back import disagreeing
from evidence.received_lines import ReceivedFile, read_lines
from evidence.rows import Row, rows_of
from evidence.rule import Rule, rule_of
from evidence.sightings import sightings_near
from evidence.townships import TownshipMap, township_map
from evidence.track import Fix, Silence, drawn, fixes_of, silences
from ingestion.contracts import load_contract
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import LAKES, WAREHOUSE, attach, current_snapshot, detach
from lake.relations import table_names

FINDINGS: Final = "int_trip_findings"


@dataclass(frozen=True)
class Dossier:
    """Instants are naive UTC, places WGS-84 degrees, keys pseudonyms."""

    trip: Row
    finding: Row  # of int_trip_findings: finding, confidence, measure, evidence_from, evidence_until
    others: tuple[Row, ...]  # what else was found on the trip
    rule: Rule
    parameters: dict[str, float]
    permit: Row | None
    sites: tuple[Row, ...]
    fixes: tuple[Fix, ...]
    silences: tuple[Silence, ...]
    gaps: tuple[Row, ...]  # as haulage found them, with what the terminal said before
    alarms: tuple[Row, ...]
    sightings: tuple[Row, ...]
    files: tuple[ReceivedFile, ...]
    disagreeing: tuple[Fix, ...]
    townships: TownshipMap
    snapshots: dict[str, int] = field(compare=False)

    @property
    def day(self) -> date:
        found: date = self.trip["business_date"]
        return found

    def is_evidence(self, fix: Fix) -> bool:
        """Whether the fix lies in the span that the finding names."""
        begin, end = self.finding["evidence_from"], self.finding["evidence_until"]
        return begin is not None and end is not None and begin <= fix.reported_at <= end


def gather(home: Home, trip_id: str, finding: str) -> Dossier:
    """The dossier of a finding. Raises LookupError when there is no such trip, or no such finding on it."""
    with open_engine(home) as con:
        snapshots = _attach_together(con, home)
        trip = _trip(con, trip_id)
        found = _findings(con, trip)
        mine = [row for row in found if row["finding"] == finding]
        if not mine:
            raise LookupError(f"the trip has no finding {finding!r}")
        parameters = {
            name: float(value)
            for name, value in load_contract("truck_gps").parameters.items()
            if isinstance(value, int | float)
        }
        fixes = fixes_of(con, trip, parameters)
        wanted: dict[str, list[int]] = {}
        for fix in fixes:
            wanted.setdefault(fix.sha256, []).append(fix.line)
        files = read_lines(home, con, wanted)
        permit = permit_of(con, trip["permit_id"], trip["business_date"])
        site_ids = {trip["origin_site_id"], trip["destination_site_id"], trip["permit_receiving_site_id"]}
        site_ids |= {permit["site_id"], permit["receiving_site_id"]} if permit else set()
        return Dossier(
            trip=trip,
            finding=mine[0],
            others=tuple(row for row in found if row["finding"] != finding),
            rule=rule_of(con, finding, trip["business_date"]),
            parameters=parameters,
            permit=permit,
            sites=tuple(sites_of(con, site_ids - {None}, trip["business_date"])),
            fixes=tuple(fixes),
            silences=tuple(silences(fixes, parameters["max_gap_s"])),
            gaps=tuple(_gaps(con, trip)),
            alarms=tuple(alarms_of(con, trip, fixes)),
            sightings=tuple(
                sightings_near(
                    con,
                    drawn(fixes),
                    within_m=parameters["camera_match_m"],
                    within_s=parameters["camera_match_s"],
                )
            ),
            files=tuple(files),
            disagreeing=tuple(disagreeing(files, fixes)),
            townships=township_map(con),
            snapshots=snapshots,
        )


def _attach_together(con: duckdb.DuckDBPyConnection, home: Home) -> dict[str, int]:
    """Both lakes, each held at one snapshot, so that nobody's commit comes between two queries."""
    snapshots = {}
    for name in LAKES:
        attach(con, home, name, read_only=True)
        snapshots[name] = current_snapshot(con, name)
        detach(con, name)
        attach(con, home, name, snapshot=snapshots[name])
    return snapshots


def _trip(con: duckdb.DuckDBPyConnection, trip_id: str) -> Row:
    if "trips" in table_names(con, WAREHOUSE, "haulage"):
        rows = rows_of(
            con,
            f"SELECT * FROM {WAREHOUSE}.haulage.trips WHERE trip_id = ? ORDER BY processed_date DESC LIMIT 1",
            [trip_id],
        )
        if rows:
            return rows[0]
    raise LookupError("there is no such trip")


def _findings(con: duckdb.DuckDBPyConnection, trip: Row) -> list[Row]:
    if FINDINGS not in table_names(con, WAREHOUSE, "intermediate"):
        raise LookupError("no trip has been judged yet: `yunjian build` judges them")
    return rows_of(
        con,
        f"""SELECT finding, confidence, measure, evidence_from, evidence_until
            FROM {WAREHOUSE}.intermediate.{FINDINGS} WHERE business_date = ? AND trip_id = ? ORDER BY finding""",
        [trip["business_date"], trip["trip_id"]],
    )


def _gaps(con: duckdb.DuckDBPyConnection, trip: dict[str, Any]) -> list[Row]:
    if "gaps" not in table_names(con, WAREHOUSE, "haulage"):
        return []
    return rows_of(
        con,
        f"""WITH told AS (
                SELECT * FROM {WAREHOUSE}.haulage.gaps
                WHERE gap_id IN (SELECT gap_id FROM {WAREHOUSE}.haulage.gaps WHERE trip_id = $1)
                QUALIFY row_number() OVER (PARTITION BY business_date, gap_id ORDER BY processed_date DESC) = 1
            )
            SELECT started_at, ended_at, gap_s, was_loaded, after_power_off FROM told
            WHERE trip_id = $1  -- a later date may have found that it belongs to another trip
            ORDER BY started_at""",
        [trip["trip_id"]],
    )
