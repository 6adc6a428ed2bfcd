"""Workbooks as people keep them: titles, gaps, dates, and numbers that were never meant to be numbers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.adapters.sheet_errors import error_cells
from ingestion.adapters.workbook import text_of
from lake.home import Home
from tests.ingestion.landed import CAMERA_HEADER, GOOD_CAMERA, assert_balanced, land, reasons, rows
from tests.ingestion.workbooks import workbook

HEADER = CAMERA_HEADER.strip().split(",")
CAMERA = GOOD_CAMERA.strip().split(",")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    shared = Home(tmp_path_factory.mktemp("workbook") / "var").ensure()
    yield shared
    assert_balanced(shared)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("", None), ("  ", None), (" 松江 ", "松江"), (121.0, "121"), (121.2277, "121.2277"), (-0.1, "-0.1"), (1e-20, "1e-20"),
        (123456789012345.0, "123456789012345"), (1e300, "1e+300"), (True, "true"), (False, "false"), (0.0, "0"),
        (date(2026, 1, 5), "2026-01-05"), (datetime(2026, 1, 5, 22, 0, 0, 500000), "2026-01-05 22:00:00.500000"),
        (time(10, 30), "10:30:00"),
    ],
)  # fmt: skip
def test_a_cell_says_what_was_typed(cell: Any, text: str | None) -> None:
    assert text_of(cell) == text


def test_an_identity_number_that_became_a_number_is_refused_and_the_text_beside_it_is_not(home: Home) -> None:
    """The spreadsheet has kept 15 of its digits: pseudonymised, it would be somebody else."""
    names = ["id_number", "household_type", "township_code", "registered_on", "status"]
    rest = ["registered", 310117001, date(2020, 1, 1), "active"]
    content = workbook(names, ["310117199001010018", *rest], [310117199001010018, *rest], ["31011719900101003X", *rest])
    report = land(home, "population_records", "population_records_2026-11-22_p01.xlsx", content)
    assert (report.status, report.accepted, report.quarantined) == ("landed", 2, 1)
    assert reasons(home, "population_records_2026-11-22_p01.xlsx") == [(3, "id_number", "digits_lost")]


def test_a_camera_number_of_twenty_digits_is_a_text_or_refused(home: Home) -> None:
    camera = "31011700101320000001"
    content = workbook(HEADER, [camera, *CAMERA[1:]], [float(camera), *CAMERA[1:]])
    land(home, "cameras", "cameras_2026-11-01.xlsx", content)
    assert reasons(home, "cameras_2026-11-01.xlsx") == [(3, "camera_id", "digits_lost")]
    assert rows(home, "SELECT camera_id FROM bronze.cameras WHERE business_date = '2026-11-01'") == [
        {"camera_id": camera}
    ]


def test_a_parquet_whose_text_became_a_number_is_text_again_or_refused(home: Home) -> None:
    """As pandas writes a column of numbers with a gap."""
    known = dict(zip(HEADER, ([value] * 4 for value in CAMERA), strict=True)) | {"longitude": [121.2] * 4}
    kinds = [7.0, float("31011700101320000001"), 2.5, None]
    table = pa.table(
        known | {"camera_id": [1.0, 2.0, 3.0, 4.0], "kind": kinds, "latitude": [31.0] * 4, "installed_on": [None] * 4}
    )
    content = io.BytesIO()
    pq.write_table(table, content)
    land(home, "cameras", "cameras_2026-11-07.parquet", content.getvalue())
    assert reasons(home, "cameras_2026-11-07.parquet") == [(2, "kind", "digits_lost")]
    found = rows(home, "SELECT camera_id, kind FROM bronze.cameras WHERE business_date = '2026-11-07' ORDER BY ALL")
    assert [tuple(row.values()) for row in found] == [("1", "7"), ("3", "2.5"), ("4", None)]


def test_lines_are_the_rows_of_the_sheet_whatever_is_blank_above_and_between(home: Home) -> None:
    good, bad = ["a1", *CAMERA[1:]], ["a2", 310117001, "east", *CAMERA[3:]]
    content = workbook([], [None, None], HEADER, good, [], [" "], bad, ["a3", *CAMERA[1:]])
    report = land(home, "cameras", "cameras_2026-11-02.xlsx", content)
    assert (report.received, report.accepted) == (3, 2)
    assert reasons(home, "cameras_2026-11-02.xlsx") == [(7, "longitude", "not_a_number")]
    found = rows(home, "SELECT camera_id, _line FROM bronze.cameras WHERE business_date = '2026-11-02' ORDER BY _line")
    assert [(row["camera_id"], row["_line"]) for row in found] == [("a1", 4), ("a3", 8)]


def test_numbers_dates_and_truths_are_read_as_the_contract_has_them(home: Home) -> None:
    content = workbook(HEADER, [7, 310117001, 121.25, 31, None, "street", date(2020, 1, 5), datetime(2026, 1, 5)])
    assert land(home, "cameras", "cameras_2026-11-03.xlsx", content).accepted == 1
    (row,) = rows(home, "SELECT * FROM bronze.cameras WHERE business_date = '2026-11-03'")
    assert (row["camera_id"], row["township_code"], row["longitude"], row["latitude"]) == ("7", "310117001", 121.25, 31)
    assert (row["installed_on"], row["retired_on"]) == (date(2020, 1, 5), date(2026, 1, 5))


def test_a_workbook_without_rows_lands_and_one_with_a_column_twice_is_rejected(home: Home) -> None:
    report = land(home, "cameras", "cameras_2026-11-04.xlsx", workbook(HEADER))
    assert (report.status, report.received) == ("landed", 0)
    report = land(home, "cameras", "cameras_2026-11-05.xlsx", workbook([*HEADER, "kind"], [*CAMERA, "x"]))
    assert (report.status, report.reason) == ("rejected", "duplicate_column:9")
    report = land(home, "cameras", "cameras_2026-11-06.xlsx", workbook())
    assert (report.status, report.reason) == ("rejected", "missing_column:camera_id")


@pytest.mark.parametrize("left", [0, 2], ids=["from the first column", "blank columns on the left"])
def test_a_row_with_an_error_in_a_wanted_cell_is_refused_and_not_taken_for_an_empty_cell(home: Home, left: int) -> None:
    """`kind` and `retired_on` may be empty: the reader itself gives an empty cell for the error."""
    name = f"cameras_2026-11-1{left}.xlsx"
    kind, retired = HEADER.index("kind"), HEADER.index("retired_on")
    looked_up = [*CAMERA[:kind], "#N/A", *CAMERA[kind + 1 :]]
    divided = [*CAMERA[:retired], "#DIV/0!", *CAMERA[retired + 1 :]]
    alone = [None] * kind + ["#REF!"]
    beside = ["a9", *CAMERA[1:], "#VALUE!"]  # a column that nobody asked for
    sheet = [[*HEADER, "note"], ["a1", *CAMERA[1:]], looked_up, [], divided, alone, beside]
    report = land(home, "cameras", name, workbook(*([None] * left + row for row in sheet)))
    assert (report.received, report.accepted, report.quarantined) == (5, 2, 3)
    assert sorted(reasons(home, name)) == [
        (3, "kind", "cell_error"),
        (5, "retired_on", "cell_error"),
        (6, "kind", "cell_error"),
    ]
    (raw,) = rows(home, f"SELECT raw FROM bronze.quarantine WHERE file_name = '{name}' AND line = 3")
    assert "#N/A" in raw["raw"]
    accepted = f"SELECT camera_id FROM bronze.cameras WHERE business_date = '2026-11-1{left}' ORDER BY ALL"
    assert [row["camera_id"] for row in rows(home, accepted)] == ["a1", "a9"]


def test_the_sheet_that_the_workbook_names_first_is_searched_and_cells_need_no_names(tmp_path: Path) -> None:
    sheet = b"<worksheet><sheetData>%s</sheetData></worksheet>"
    cells = b"<row><c><v>1</v></c></row><row r='7'><c/><c t='e'><v>#N/A</v></c><c r='AB7' t = \"e\"/></row>"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as parts:
        parts.writestr(
            "xl/workbook.xml", f"<x:w xmlns:x='m' xmlns:r='{relations}'><x:sheet r:id='b'/><x:sheet r:id='a'/></x:w>"
        )
        parts.writestr(
            "xl/_rels/workbook.xml.rels",
            "<R><Relationship Id='a' Target='s1.xml'/><Relationship Id='b' Target='/xl/other/../s2.xml'/></R>",
        )
        parts.writestr("xl/s1.xml", sheet % b"<row><c t='e'/></row>")
        parts.writestr("xl/s2.xml", sheet % (b" " * 3_000_000 + cells))
    assert error_cells(tmp_path / "book.xlsx") == {(7, 1): "#N/A", (7, 27): "#ERROR"}
