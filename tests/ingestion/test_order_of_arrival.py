"""Whatever the order of arrival and however often files come: the same rows, the same totals by date."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.engine import open_engine
from lake.home import Home
from lake.lakes import BRONZE, attach
from tests.examples import examples
from tests.ingestion.landed import assert_balanced, event, land, ndjson, rows

_ROWS = "SELECT * EXCLUDE (_line) FROM bronze.detection_events ORDER BY ALL"
_TOTALS = """
    SELECT business_date, sum(received) AS received, sum(accepted) AS accepted, sum(quarantined) AS quarantined,
           sum(duplicate) AS duplicate, sum(late) AS late
    FROM bronze.landing_accounting GROUP BY ALL ORDER BY ALL
"""

# Few identifiers, instants and values, so that rows meet: within a file, across files, with and without a winner.
_RECORDS = st.lists(
    st.one_of(
        st.builds(
            event,
            number=st.integers(1, 3),
            confidence=st.sampled_from([0.1, 0.5, None, 7]),
            detected_at=st.sampled_from(
                ["2026-11-21T23:59:59+08:00", "2026-11-22T10:00:00+08:00", "1970-01-01T00:00Z"]
            ),
            received_at=st.sampled_from([None, "2026-11-22T10:00:05+08:00", "2026-11-22T12:00:00+08:00"]),
        ),
        st.sampled_from(["{\n", '{"event_id": "only"}\n', "\n"]),
    ),
    max_size=6,
)
_NAMES = ["events_2026-11-21.ndjson", "events_2026-11-22.ndjson", "events_2026-11-22_r20261122T050000Z.ndjson"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    yield Home(tmp_path_factory.mktemp("order") / "var").ensure()


def emptied(home: Home) -> None:
    with open_engine(home) as con:
        attach(con, home, BRONZE)
        made = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for table in ("detection_events", "landing_files", "landing_accounting", "quarantine"):
            if table in made:
                con.execute(f"DELETE FROM bronze.{table}")


def landed_in(home: Home, files: list[tuple[str, bytes]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    emptied(home)
    for name, content in files:
        land(home, "detection_events", name, content)
    assert_balanced(home)
    return rows(home, _ROWS), rows(home, _TOTALS)


@given(contents=st.tuples(_RECORDS, _RECORDS, _RECORDS), order=st.permutations([0, 1, 2]), again=st.integers(0, 2))
@examples(3)
def test_any_order_and_any_relanding_give_the_same_rows_and_totals(
    home: Home, contents: tuple[list[Any], ...], order: list[int], again: int
) -> None:
    files = [(name, ndjson(records)) for name, records in zip(_NAMES, contents, strict=True)]
    if len({content for _, content in files}) < len(files):
        return  # the same bytes are one file
    expected = landed_in(home, files)
    shuffled = [files[place] for place in order]
    assert landed_in(home, [*shuffled, files[again]]) == expected


def test_every_order_of_four_rivals_leaves_the_same_row(home: Home) -> None:
    rivals = [
        ("a_2026-11-22.ndjson", ndjson([event(1, confidence=0.1)])),
        ("b_2026-11-22.ndjson", ndjson([event(1, confidence=0.2)])),
        ("c_2026-11-23.ndjson", ndjson([event(1, confidence=0.2), "{\n"])),
        ("d_2026-11-22_r20261122T050000Z.ndjson", ndjson([event(1, confidence=0.3)])),
    ]
    results = [landed_in(home, list(order)) for order in itertools.islice(itertools.permutations(rivals), 0, 24, 11)]
    assert all(result == results[0] for result in results)
    (row,) = results[0][0]
    assert row["confidence"] == 0.3  # the only one known to have been received


def test_registers_settle_rivals_by_the_time_their_file_was_received(home: Home) -> None:
    header = "camera_id,township_code,longitude,latitude,datum,kind,installed_on,retired_on\n"
    old = ("cameras_2026-11-22_r20261122T010000Z.csv", (header + "c1,310117001,121.2,31.0,,old,,\n").encode())
    new = ("cameras_2026-11-22_r20261122T020000Z.csv", (header + "c1,310117001,121.2,31.0,,new,,\n").encode())
    other = Home(home.root.parent / "registers").ensure()
    for place, files in enumerate([(old, new), (new, old)]):
        target = home if place else other
        for name, content in files:
            land(target, "cameras", name, content)
        assert [row["kind"] for row in rows(target, "SELECT kind FROM bronze.cameras")] == ["new"]
        assert_balanced(target)
