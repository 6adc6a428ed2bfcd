"""The one look that passes a good row must never pass what a check would refuse."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.contracts import all_contracts, load_contract
from ingestion.geometries import offer_geometry
from ingestion.rules import FileFacts, SourceShape, compile_rules
from tests.examples import examples

_FACTS = FileFacts(datetime(2026, 11, 23, 6), file_date=date(2026, 11, 22), expired_dates=[date(2026, 1, 1)])
# What people, machines and saboteurs write into a field.
_WRITTEN = st.one_of(
    st.none(),
    st.sampled_from([
        "", " ", "0", "-1", "1", "1.5", "1e3", "1e400", "nan", "NaN", "inf", "-inf", " 7 ", "99999999999999999999", "0x1F",
        "true", "yes", "WGS84", "GCJ02", " BD09", "empty", "full", "illegal_parking", "registered", "男", "male", "active",
        "2026-11-22T10:00:00+08:00", "2026-11-22T10:00:00Z", "2026-11-22 10:00:00", "2026-11-22T10:00+08", "2026-11-22Z",
        "2026-11-22", "20261122", "1970-01-01", "2099-01-01T00:00:00Z", "infinity", "epoch", "2026-01-01T04:00:00+08:00",
        "310117001", "310117001001", "12345678901234567890", "x" * 65, "松" * 64, "11010119900101001X", "沪A12345",
        "290309-12-22 (BC) 00:00:00", "294247-01-10 04:00:54.775806", "294247-01-10T04:00:54.775806Z", "1-1-1 (BC)",
        "2026-1-5 10:00:00+8", "+2026-11-22 10:00:00", "2026-11-22\t10:00:00", "23", "24", "c1\0", "\0", "2026-11-22 10:00:00 UTC", "2026-1-5x", "2026105", "沪A1;沪A2", "沪A1；沪A2", ";",
        "LINESTRING (121.2 31, 121.3 31.1)", "LINESTRING EMPTY", "POLYGON ((121 31, 122 32, 122 31, 121 32, 121 31))",
        "POINT (121 31)", '{"type": "LineString", "coordinates": [[121.2, 31], [121.3, 31.1]]}', "LINESTRING (1 1, nan 2)",
    ]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)  # fmt: skip


# A row of each feed that passes; a drawn row is one of these with a few fields written over.
_GOOD = {
    "event_id": "e1", "camera_id": "c1", "event_type": "illegal_parking", "detected_at": "2026-11-22T10:00:00+08:00",
    "longitude": "121.2", "latitude": "31.0", "terminal_id": "013800000001", "reported_at": "2026-11-22 10:00:00",
    "id_number": "11010119900101001X", "household_type": "registered", "township_code": "310117001",
    "site_id": "s1", "permit_id": "p1", "night_permit_id": "n1", "carrier": "one", "valid_from": "2026-01-01",
    "polygon": "POLYGON ((121 31, 122 31, 122 32, 121 31))", "receipt_id": "r1", "alarm_bits": "256",
    "weighed_at": "2026-11-22 10:00:00",
    "plate_no": "HU-A1", "hour": "2026-11-22T10:00:00+08:00", "online_seconds": "3600",
}  # fmt: skip


@pytest.mark.parametrize("feed", [contract.feed for contract in all_contracts()])
@given(st.data())
@examples(6)
def test_a_row_passes_the_quick_look_only_when_it_passes_every_check(feed: str, data: st.DataObject) -> None:
    contract = load_contract(feed)
    names = [name for column in contract.columns for name in column.sources]
    rows = data.draw(st.lists(st.dictionaries(st.sampled_from(names), _WRITTEN, max_size=2), min_size=20, max_size=40))
    rows = [{name: _GOOD.get(name) for name in names} | changed for changed in rows]
    for trims in (True, False):
        shape = SourceShape(dict.fromkeys(names, "VARCHAR"), trims=trims, has_line=True)
        rules = compile_rules(contract, shape, _FACTS)
        schema = pa.schema([("_line", pa.int64()), *((name, pa.string()) for name in names)])
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            offer_geometry(con, contract)
            con.register(
                "given", pa.Table.from_pylist([{"_line": i, **row} for i, row in enumerate(rows)], schema=schema)
            )
            failing = " OR ".join(f"coalesce({check.fails}, FALSE)" for check in rules.checks)
            typed = con.execute(f"SELECT _line, _fault FROM ({rules.typed('given')}) ORDER BY _line").fetchall()
            slow = con.execute(f"SELECT _line, {failing} FROM ({rules.layers('given')}) ORDER BY _line").fetchall()
        assert [(line, fault > 0) for line, fault in typed] == slow
