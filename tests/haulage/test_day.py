"""Dates processed in the lakes: what is read as in effect, what is written, and which dates are taken again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from haulage.day import process_days
from haulage.tables import TABLES, beside_unbuilt, unbuilt_dates
from ingestion.bronze_tables import ensure_bronze_tables
from ingestion.contracts import load_contract
from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, WAREHOUSE, attach, current_snapshot
from tests.haulage.fleet import DAY, DIG, FIELD, NEXT_DAY, TIP, Track, square

FEEDS = ("truck_gps", "trucks", "disposal_permits", "waste_sites", "terminal_events")
LOADS = {-1: None, 0: "empty", 1: "half", 2: "full"}


def open_lakes(home: Home) -> duckdb.DuckDBPyConnection:
    con = open_engine(home)
    attach(con, home, BRONZE)
    attach(con, home, WAREHOUSE)
    return con


@pytest.fixture(scope="module")
def empty_lakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both lakes with the tables of the feeds; tests take copies."""
    home = Home(tmp_path_factory.mktemp("empty-lakes") / "var").ensure()
    with open_lakes(home) as con:
        ensure_bronze_tables(con, [load_contract(feed) for feed in FEEDS])
    return home.lake


@pytest.fixture
def con(home: Home, empty_lakes: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    shutil.copytree(empty_lakes, home.lake, dirs_exist_ok=True)
    with open_lakes(home) as con:
        yield con


def insert(con: duckdb.DuckDBPyConnection, feed: str, rows: list[dict[str, Any]]) -> None:
    """Rows as landing leaves them, with their accounting."""
    for row in rows:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        con.execute(f"INSERT INTO bronze.{feed} ({names}) VALUES ({marks})", list(row.values()))
    for day in {row["business_date"] for row in rows}:
        con.execute("INSERT INTO bronze.landing_accounting VALUES ('f', ?, ?, 1, 1, 0, 0, 0)", [feed, day])


def land(con: duckdb.DuckDBPyConnection, track: Track, *, terminal: bool = True) -> None:
    """A track as rows of truck_gps, the vehicle as terminal or as truck."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE t (who VARCHAR, us BIGINT, lon DOUBLE, lat DOUBLE, v DOUBLE, f VARCHAR, n BIGINT)"
    )
    fixes = [(r["t"], r["lon"], r["lat"], r["speed"], LOADS[r["load"]], r["line"]) for r in track.rows]
    con.execute(
        "INSERT INTO t SELECT ?, unnest(?), unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)",
        [track.vehicle, *map(list, zip(*fixes, strict=True))],
    )
    key = "terminal_key" if terminal else "truck_key"
    con.execute(
        f"""INSERT INTO bronze.truck_gps BY NAME
            SELECT who AS {key}, make_timestamp(us) AS reported_at, lon AS longitude, lat AS latitude, v AS speed_kmh,
                f AS load_state, true AS acc_on, true AS is_positioned, n AS _line, 'f' AS _file_sha256,
                (make_timestamp(us) + INTERVAL 8 HOURS)::DATE AS business_date FROM t"""
    )


def rows(con: duckdb.DuckDBPyConnection, table: str, columns: str = "*", where: str = "true") -> list[Any]:
    return con.execute(f"SELECT {columns} FROM warehouse.haulage.{table} WHERE {where} ORDER BY ALL").fetchall()


def everything(con: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    found = {table: rows(con, table) for table in TABLES if table != "open_states"}
    # As text: NaN, which stands for "none" in a state, equals nothing in Python.
    return found | {"open_states": rows(con, "open_states", "processed_date, vehicle_key, numbers::VARCHAR, leg")}


def registers(con: duckdb.DuckDBPyConnection) -> None:
    insert(
        con, "trucks",
        [{"truck_key": "truck", "terminal_key": "v1", "carrier": "Carrier", "capacity_m3": 18.0, "business_date": DAY}],
    )  # fmt: skip
    insert(
        con,
        "waste_sites",
        [
            {
                "site_id": "dig",
                "kind": "construction",
                "polygon": square(DIG).wkt,
                "filed_on": DAY,
                "business_date": DAY,
            },
            {"site_id": "tip", "kind": "receiving", "polygon": square(TIP).wkt, "filed_on": DAY, "business_date": DAY},
        ],
    )
    permit = {"permit_id": "p", "site_id": "dig", "carrier": "Carrier", "receiving_site_id": "tip"}
    permit |= {"valid_from": DAY, "valid_until": DAY, "truck_keys": "other;truck", "business_date": DAY}
    insert(con, "disposal_permits", [permit])


def test_every_table_exists_with_its_columns_before_anything_has_landed(con: duckdb.DuckDBPyConnection) -> None:
    assert process_days(con, []) == set()
    for table, columns in TABLES.items():
        found = con.execute(f"DESCRIBE warehouse.haulage.{table}").fetchall()
        assert {name: kind for name, kind, *_ in found} == dict(columns)


def test_positions_alone_give_stops_and_trips_without_sites_and_permits(con: duckdb.DuckDBPyConnection) -> None:
    land(con, Track().haul())
    assert process_days(con, [DAY]) == {DAY}
    ((vehicle, truck, site, permit, state, registered),) = rows(
        con, "trips", "vehicle_key, truck_key, origin_site_id, permit_id, permit_state, is_registered"
    )
    assert (vehicle, truck, site, permit, state, registered) == ("v1", None, None, None, "none", False)
    assert rows(con, "fix_counts", "rule, sum(fixes)", "true GROUP BY rule") == [("kept", len(Track().haul().rows))]


def test_registers_of_before_are_in_effect_and_name_truck_sites_and_permit(con: duckdb.DuckDBPyConnection) -> None:
    registers(con)
    track = Track(day=NEXT_DAY).haul()
    land(con, track)
    process_days(con, [NEXT_DAY])
    names = "vehicle_key, truck_key, capacity_m3, origin_site_id, destination_site_id, permit_id, permit_state, is_permitted_truck"
    assert rows(con, "trips", names) == [("truck", "truck", 18.0, "dig", "tip", "p", "expired", True)]
    assert rows(con, "sites", "site_id, kind, is_filed") == [("dig", "construction", True), ("tip", "receiving", True)]
    ((radius,), _) = rows(con, "sites", "radius_m")
    assert radius == pytest.approx(212, abs=1)


def test_a_register_that_lands_later_is_not_in_effect(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET preserve_insertion_order = false")
    registers(con)
    land(con, Track(day=DAY - timedelta(days=1)).haul())
    process_days(con, [DAY - timedelta(days=1)])
    assert rows(con, "trips", "truck_key, origin_site_id, permit_id") == [(None, None, None)]


def test_the_same_date_again_changes_nothing_and_commits_nothing(con: duckdb.DuckDBPyConnection) -> None:
    registers(con)
    land(con, Track().haul())
    process_days(con, [DAY])
    before = current_snapshot(con, WAREHOUSE)
    assert process_days(con, [DAY]) == set()
    assert current_snapshot(con, WAREHOUSE) == before


def test_a_trip_over_midnight_is_closed_by_the_next_date_and_dates_the_day_it_started(
    con: duckdb.DuckDBPyConnection,
) -> None:
    registers(con)
    land(con, Track(at="23:40").haul())
    assert process_days(con, [NEXT_DAY, DAY]) == {DAY, NEXT_DAY}
    trips = rows(con, "trips", "processed_date, business_date, end_kind, is_open, permit_id")
    assert trips == [(DAY, DAY, "open", True, "p"), (NEXT_DAY, DAY, "unloaded", False, "p")]
    assert len({trip_id for (trip_id,) in rows(con, "trips", "trip_id")}) == 1


def test_the_next_date_is_taken_again_only_when_what_it_continues_has_changed(con: duckdb.DuckDBPyConnection) -> None:
    for day in (DAY, NEXT_DAY, NEXT_DAY + timedelta(days=1)):
        land(con, Track(at="10:00", day=day).haul())
    days = [DAY, NEXT_DAY, NEXT_DAY + timedelta(days=1)]
    process_days(con, days)
    before = everything(con)["open_states"]
    early = Track(at="08:00").stand(20)  # more of the morning: the state at the end of the date is the same
    land(con, early)
    assert process_days(con, [DAY]) == {DAY}
    assert everything(con)["open_states"] == before
    land(con, Track(at="23:50", place=FIELD).stand(8))  # and this stop goes on until the first fix of the next date
    assert process_days(con, [DAY]) == {DAY}  # it began there, whichever date closes it
    assert rows(con, "stops", "is_open", f"processed_date = '{NEXT_DAY}' AND business_date = '{DAY}'") == [(False,)]
    last = [row for row in before if row[0] == days[2]]
    assert [row for row in everything(con)["open_states"] if row[0] == days[2]] == last


def test_the_order_in_which_dates_are_asked_for_does_not_show(con: duckdb.DuckDBPyConnection, tmp_path: Any) -> None:
    registers(con)
    land(con, Track(at="23:40").haul().drive(DIG).haul())
    process_days(con, [NEXT_DAY])
    process_days(con, [DAY])
    piecemeal = everything(con)
    con.execute("DROP SCHEMA warehouse.haulage CASCADE")
    process_days(con, [DAY, NEXT_DAY])
    assert everything(con) == piecemeal


def test_a_date_whose_positions_have_expired_is_not_found_again_and_its_tracks_go(
    con: duckdb.DuckDBPyConnection,
) -> None:
    land(con, Track().haul())
    process_days(con, [DAY])
    left = repr(rows(con, "open_states"))
    con.execute("DELETE FROM bronze.truck_gps")
    con.execute("INSERT INTO bronze.expired_dates VALUES ('truck_gps', ?, ?)", [DAY, datetime(2026, 9, 1, tzinfo=UTC)])
    assert process_days(con, [DAY]) == set(), "no figure changes: what was published of the date stays"
    assert [table for table in TABLES if rows(con, table)] == ["open_states"]
    assert repr(rows(con, "open_states")) == left, "the first date that is kept goes on from there"


def test_a_date_whose_positions_were_taken_back_is_emptied(con: duckdb.DuckDBPyConnection) -> None:
    land(con, Track().haul())
    process_days(con, [DAY])
    con.execute("DELETE FROM bronze.truck_gps")
    assert process_days(con, [DAY]) == {DAY}
    assert all(rows(con, table) == [] for table in TABLES)


def test_an_alarm_of_the_terminal_events_is_the_reason_of_a_gap(con: duckdb.DuckDBPyConnection) -> None:
    registers(con)
    track = Track().stand(10).stand(3, "full").silent(60)
    land(con, track.stand(5))
    process_days(con, [DAY])
    assert rows(con, "gaps", "after_power_off", "NOT is_open") == [(False,)]
    at = datetime(2026, 3, 2, 0, 13, 40)
    event = {"terminal_key": "v1", "occurred_at": at, "alarm_bits": 1 << 8, "status_bits": 0, "business_date": DAY}
    insert(con, "terminal_events", [event])
    assert process_days(con, [DAY]) == {DAY}
    assert rows(con, "gaps", "after_power_off, was_loaded", "NOT is_open") == [(True, True)]


def test_one_truck_heard_by_plate_and_by_terminal_is_one_vehicle(con: duckdb.DuckDBPyConnection) -> None:
    registers(con)
    land(con, Track("v1").haul())
    land(con, Track("truck", at="12:00").haul(), terminal=False)
    process_days(con, [DAY])
    assert rows(con, "trips", "DISTINCT vehicle_key") == [("truck",)]
    assert len(rows(con, "trips")) == 2


def test_a_vehicle_that_was_silent_for_long_begins_anew(con: duckdb.DuckDBPyConnection) -> None:
    land(con, Track(at="20:00").stand(5).stand(3, "full"))
    later = date(2026, 3, 12)
    land(con, Track("v2", day=later).stand(5))
    process_days(con, [DAY, later])
    assert rows(con, "trips", "business_date", f"processed_date = '{later}'") == []
    assert rows(con, "open_states", "vehicle_key", f"processed_date = '{later}'") == [("",), ("v2",)]


def test_the_dates_beside_trips_that_changed_are_those_midnight_may_join_to_them(
    con: duckdb.DuckDBPyConnection,
) -> None:
    land(con, Track(at="10:00").haul())
    process_days(con, [DAY])
    before, after = DAY - timedelta(days=1), NEXT_DAY
    assert (unbuilt_dates(con, WAREHOUSE), beside_unbuilt(con, WAREHOUSE)) == ({DAY}, {before, after})
    con.execute("DELETE FROM warehouse.haulage.unbuilt")
    con.execute("INSERT INTO warehouse.haulage.unbuilt VALUES (?, ?)", [NEXT_DAY, DAY])  # it ended after midnight
    assert (unbuilt_dates(con, WAREHOUSE), beside_unbuilt(con, WAREHOUSE)) == ({DAY}, {NEXT_DAY})
