"""Every kind of bad input has a named reason, in quarantine or as a rejected file, and disturbs nothing else."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingestion.adapters.reading import LINE_LIMIT
from lake.home import Home
from tests.ingestion.landed import (
    CAMERA_HEADER,
    GOOD_CAMERA,
    assert_balanced,
    event,
    land,
    land_path,
    ndjson,
    reasons,
    rows,
)
from tests.ingestion.workbooks import workbook

FEED = "detection_events"
RUBBISH = random.Random(6).randbytes(4096)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One installation for all of them: what one bad file does must not depend on, or harm, its neighbours."""
    shared = Home(tmp_path_factory.mktemp("bad") / "var").ensure()
    yield shared
    assert_balanced(shared)


LINES = {
    "torn.ndjson": ('{"event_id": "a1", "cam', "malformed_json", "row"),
    "list.ndjson": ("[1, 2]", "not_an_object", "row"),
    "number.ndjson": ("5", "not_an_object", "row"),
    "nan.ndjson": (event(91, confidence=float("nan")), "not_finite", "confidence"),
    "infinity.ndjson": (event(92, longitude=float("inf")), "not_finite", "longitude"),
    "word.ndjson": (event(93, confidence="high"), "not_a_number", "confidence"),
    "y1970.ndjson": (event(94, detected_at="1970-01-01T00:00:00Z"), "time_too_old", "detected_at"),
    "y2099.ndjson": (event(95, detected_at="2099-01-01T00:00:00Z"), "time_in_future", "detected_at"),
    "zoneless.ndjson": (event(96, detected_at="2026-11-22T10:00:00"), "not_a_timestamp", "detected_at"),
    "forever.ndjson": (event(97, detected_at="infinity"), "not_a_timestamp", "detected_at"),
    "code.ndjson": (event(98, event_type="flying_saucer"), "unknown_code", "event_type"),
    "blank.ndjson": (event(99, camera_id=""), "required_missing", "camera_id"),
    "long.ndjson": (event(100, track_id="x" * 65), "too_long", "track_id"),
    "range.ndjson": (event(101, confidence=1.5), "out_of_range", "confidence"),
    "datum.ndjson": (event(102, longitude=121.2, latitude=31.0, datum="MOON"), "unknown_code", "datum"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_bad_line_is_refused_alone_with_its_line_and_reason(home: Home, name: str) -> None:
    bad, reason, field = LINES[name]
    text = bad + "\n" if isinstance(bad, str) else bad
    report = land(home, FEED, name, ndjson([event(f"{name}-1"), text, event(f"{name}-2")]))  # type: ignore[arg-type]
    assert (report.status, report.accepted, report.quarantined) == ("landed", 2, 1)
    assert reasons(home, name) == [(2, field, reason)]


def test_bytes_that_are_not_utf8_are_refused_line_by_line(home: Home) -> None:
    good = ndjson([event("utf-1")])
    report = land(home, FEED, "latin.ndjson", good + b'{"event_id": "\xff\xfe"}\n' + ndjson([event("utf-2")]))
    assert (report.accepted, reasons(home, "latin.ndjson")) == (2, [(2, "row", "not_utf8")])
    camera = GOOD_CAMERA.encode()
    content = CAMERA_HEADER.encode() + camera + b"c2,310117001,121.2,31.0,,\xb5\xd8,,\n"
    land(home, "cameras", "cameras_2026-10-01_latin.csv", content)
    assert reasons(home, "cameras_2026-10-01_latin.csv") == [(3, "row", "not_utf8")]


def test_utf16_text_is_rejected_as_not_utf8(home: Home) -> None:
    content = (CAMERA_HEADER + GOOD_CAMERA).encode("utf-16")
    report = land(home, "cameras", "cameras_2026-10-02_utf16.csv", content)
    assert (report.status, report.reason) == ("rejected", "not_utf8")


@pytest.mark.parametrize("name", ["empty.ndjson", "empty.ndjson.gz"])
def test_an_empty_file_lands_with_no_rows(home: Home, name: str) -> None:
    report = land(home, FEED, name, gzip.compress(b"", mtime=0) if name.endswith("gz") else b"")
    assert (report.status, report.received) == ("landed", 0)


def test_a_csv_with_only_its_header_lands_with_no_rows(home: Home) -> None:
    report = land(home, "cameras", "cameras_2026-10-03_p01.csv", CAMERA_HEADER.encode())
    assert (report.status, report.received) == ("landed", 0)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_are_accepted(home: Home, end: str) -> None:
    text = "\ufeff" + (CAMERA_HEADER + GOOD_CAMERA).replace("\n", end)
    report = land(home, "cameras", f"cameras_2026-10-0{3 + len(end)}_bom.csv", text.encode())
    assert (report.accepted, report.quarantined) == (1, 0)
    report = land(home, FEED, f"bom{len(end)}.ndjson", b"\xef\xbb\xbf" + ndjson([event(f"bom{len(end)}")]))
    assert (report.accepted, report.quarantined) == (1, 0)


def test_a_csv_of_lines_that_end_in_a_carriage_return_alone_is_rejected(home: Home) -> None:
    content = (CAMERA_HEADER + GOOD_CAMERA).replace("\n", "\r").encode()
    report = land(home, "cameras", "cameras_2026-10-19_mac.csv", content)
    assert (report.status, report.reason) == ("rejected", "unreadable_format")
    assert report.detail is not None and "carriage return" in report.detail


def test_the_last_line_of_a_truncated_file_is_refused(home: Home) -> None:
    land(home, FEED, "cut.ndjson", ndjson([event("cut-1"), event("cut-2")])[:-20])
    assert reasons(home, "cut.ndjson") == [(2, "row", "malformed_json")]
    content = CAMERA_HEADER + GOOD_CAMERA + "c2,3101"
    land(home, "cameras", "cameras_2026-10-06_cut.csv", content.encode())
    assert reasons(home, "cameras_2026-10-06_cut.csv") == [(3, "row", "malformed_csv")]


def test_a_line_of_a_hundred_megabytes_is_refused_and_its_neighbours_land(home: Home) -> None:
    huge = b'{"event_id": "' + b"x" * 100_000_000 + b'"}\n'
    report = land(home, FEED, "huge.ndjson", ndjson([event("h-1")]) + huge + ndjson([event("h-2")]))
    assert (report.accepted, reasons(home, "huge.ndjson")) == (2, [(2, "row", "line_too_long")])
    csv = CAMERA_HEADER.encode() + b"c2," + b"x" * (LINE_LIMIT + 9) + b"\n" + GOOD_CAMERA.encode()
    report = land(home, "cameras", "cameras_2026-10-07_huge.csv", csv)
    assert (report.accepted, reasons(home, "cameras_2026-10-07_huge.csv")) == (1, [(2, "row", "line_too_long")])


def test_blank_lines_do_not_shift_the_line_numbers(home: Home) -> None:
    content = b"\n" + ndjson([event("gap-1")]) + b"  \n\n" + ndjson([event("gap-2", confidence="x")])
    report = land(home, FEED, "gaps.ndjson", content)
    assert (report.received, reasons(home, "gaps.ndjson")) == (2, [(5, "confidence", "not_a_number")])


def test_a_record_over_several_lines_is_one_row_and_lines_after_it_count_right(home: Home) -> None:
    content = CAMERA_HEADER + 'c1,310117001,121.2,31.0,,"two\nlines",2020-01-01,\nc2,310117001,east,31.0,,street,,\n'
    name = "cameras_2026-10-08_p01.csv"
    report = land(home, "cameras", name, content.encode())
    assert (report.received, report.accepted, reasons(home, name)) == (2, 1, [(4, "longitude", "not_a_number")])


def test_a_quote_that_never_closes_spoils_its_line_only(home: Home) -> None:
    content = CAMERA_HEADER + GOOD_CAMERA + 'c2,310117001,121.2,31.0,,"street,,\n' + GOOD_CAMERA.replace("c1", "c3")
    name = "cameras_2026-10-09_p01.csv"
    report = land(home, "cameras", name, content.encode())
    assert (report.accepted, reasons(home, name)) == (2, [(3, "row", "malformed_csv")])


def test_too_few_and_too_many_fields_are_malformed(home: Home) -> None:
    content = (
        CAMERA_HEADER + "c1,310117001\n" + GOOD_CAMERA + "c2,1,2,3,4,5,6,7,8,9\n" + GOOD_CAMERA.replace("c1", "c4")
    )
    name = "cameras_2026-10-10_p01.csv"
    report = land(home, "cameras", name, content.encode())
    assert reasons(home, name) == [(2, "row", "malformed_csv"), (4, "row", "malformed_csv")]
    lines = rows(home, "SELECT _line FROM bronze.cameras WHERE business_date = '2026-10-10' ORDER BY _line")
    assert [row["_line"] for row in lines] == [3, 5]
    assert report.received == 4


def test_a_missing_required_column_rejects_the_file_and_names_it(home: Home) -> None:
    report = land(home, "cameras", "cameras_2026-10-11_p01.csv", b"camera_id,longitude\nc1,121.2\n")
    assert (report.status, report.reason) == ("rejected", "missing_column:latitude")


def test_a_schema_of_another_feed_is_rejected(home: Home) -> None:
    report = land(home, "cameras", "cameras_2026-10-12_p01.csv", b"plate_no,carrier\nA,B\n")
    assert (report.status, report.reason) == ("rejected", "missing_column:camera_id")


def test_a_column_that_comes_twice_is_told_by_its_place_for_its_name_may_be_a_persons_data(home: Home) -> None:
    person = b"310117199001010010,Zhang San,13900000001,male,1990-01-01,migrant,310117001,,1990-01-01,,active\n"
    report = land(home, "population_records", "population_records_2026-11-02.csv", person)
    assert (report.status, report.reason, report.detail) == ("rejected", "duplicate_column:9", None)
    header = CAMERA_HEADER.replace("kind,", "kind, camera_id,")
    report = land(home, "cameras", "cameras_2026-10-18_p01.csv", header.encode() + GOOD_CAMERA.encode())
    assert (report.status, report.reason) == ("rejected", "duplicate_column:7")


def test_extra_columns_are_recorded_and_harmless(home: Home) -> None:
    header = CAMERA_HEADER.replace("kind,", 'kind,"firm""ware; DROP TABLE cameras",')
    content = header + GOOD_CAMERA.replace("street,", "street,9,")
    report = land(home, "cameras", "cameras_2026-10-13_p01.csv", content.encode())
    assert (report.accepted, list(report.extra_columns)) == (1, ['firm"ware; DROP TABLE cameras'])
    report = land(home, FEED, "extra.ndjson", ndjson([event("x-1", weather="fog", colour="red")]))
    assert (report.accepted, list(report.extra_columns)) == (1, ["weather", "colour"])
    (row,) = rows(home, "SELECT extra_columns FROM bronze.landing_files WHERE file_name = 'extra.ndjson'")
    assert row["extra_columns"] == '["weather", "colour"]'


def test_a_field_name_with_half_of_a_surrogate_pair_is_recorded_as_it_was_written(home: Home) -> None:
    """It is legal JSON and no text: neither the lake nor a log could hold it."""
    report = land(home, FEED, "half_name.ndjson", ndjson([event("half-1", **{"\ud800": 1, "a\udfffb": 2})]))
    assert (report.accepted, sorted(report.extra_columns)) == (1, ["\\ud800", "a\\udfffb"])
    (row,) = rows(home, "SELECT extra_columns FROM bronze.landing_files WHERE file_name = 'half_name.ndjson'")
    assert sorted(json.loads(row["extra_columns"])) == ["\\ud800", "a\\udfffb"]


def test_a_workbook_called_csv_is_rejected(home: Home) -> None:
    content = workbook(CAMERA_HEADER.strip().split(","), GOOD_CAMERA.strip().split(","))
    report = land(home, "cameras", "cameras_2026-10-14_p01.csv", content)
    assert (report.status, report.reason) == ("rejected", "unreadable_format")
    assert land(home, "cameras", "cameras_2026-10-15_p01.xlsx", content).accepted == 1


@pytest.mark.parametrize("name", ["cameras_2026-10-16_p01.parquet", "cameras_2026-10-16_p01.xlsx"])
def test_a_damaged_parquet_or_workbook_is_rejected(home: Home, name: str) -> None:
    start = b"PAR1" if name.endswith("parquet") else b"PK\x03\x04"
    report = land(home, "cameras", name, start + RUBBISH)
    assert (report.status, report.reason) == ("rejected", "unreadable_format")


def test_a_gzip_bomb_is_rejected_before_it_fills_the_disk(home: Home) -> None:
    bomb = gzip.compress(b"\n" * (200 << 20), 9)
    report = land(home, FEED, "bomb.ndjson.gz", bomb)
    assert (report.status, report.reason) == ("rejected", "decompressed_too_large")
    assert not [path for path in home.tmp.rglob("*") if path.name == "unpacked"]


def test_a_workbook_that_unpacks_to_gigabytes_is_rejected(home: Home) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    report = land(home, "cameras", "cameras_2026-10-17_p01.xlsx", content.getvalue())
    assert (report.status, report.reason) == ("rejected", "decompressed_too_large")


def test_a_truncated_gzip_is_rejected(home: Home) -> None:
    content = gzip.compress(ndjson([event(n) for n in range(500)]))
    report = land(home, FEED, "half.ndjson.gz", content[: len(content) // 2])
    assert (report.status, report.reason) == ("rejected", "truncated_gzip")


def test_a_link_out_of_the_inbox_is_not_followed(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ndjson"
    secret.write_bytes(ndjson([event("secret")]))
    inbox = home.inbox / FEED
    inbox.mkdir(parents=True, exist_ok=True)
    link = inbox / "link.ndjson"
    link.symlink_to(secret)
    report = land_path(home, FEED, link)
    assert (report.status, report.reason, report.sha256) == ("rejected", "outside_inbox", None)
    inner = inbox / "inner.ndjson"
    inner.symlink_to(inbox / "target.ndjson")
    assert land_path(home, FEED, inner).reason == "not_a_regular_file"


def test_a_pipe_and_a_folder_are_no_files(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ndjson")
    assert land_path(home, FEED, tmp_path / "pipe.ndjson").reason == "not_a_regular_file"
    assert land_path(home, FEED, tmp_path).reason in ("not_a_regular_file", "name_not_allowed")


@pytest.mark.parametrize(
    "name",
    ["a\nb.ndjson", "..\\..\\evil.ndjson", "tab\t.ndjson", b"\xff\xfe.ndjson".decode("utf-8", "surrogateescape")],
)
def test_names_with_paths_or_control_characters_are_refused(home: Home, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(ndjson([event("named")]))
    report = land_path(home, FEED, path)
    assert (report.status, report.reason) == ("rejected", "name_not_allowed")


def test_a_refused_name_drives_no_terminal_and_adds_no_line_to_a_log(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "cam\x1b]0;pwned\x07\n2026 file landed \x9b2J图.ndjson"
    path.write_bytes(ndjson([event("named")]))
    with capture_logs() as logs:
        report = land_path(home, FEED, path)
    assert report.file == r"cam\x1b]0;pwned\x07\n2026 file landed \x9b2J图.ndjson"
    assert [entry["file"] for entry in logs if entry["event"] == "file rejected"] == [report.file]


def test_a_file_over_the_size_limit_is_refused_unread(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_MAX_FILE_BYTES", "100")
    report = land(home, FEED, "big.ndjson", ndjson([event("big-1"), event("big-2")]))
    assert (report.status, report.reason) == ("rejected", "too_large")


def test_a_rejected_file_is_recorded_once_and_can_land_when_its_fault_is_mended(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = gzip.compress(b"".join(ndjson([event(f"g{n}")]) for n in range(2000)), 9)
    with monkeypatch.context() as patch:
        patch.setenv("YUNJIAN_MAX_UNPACKED_BYTES", "1000")
        for _ in range(2):
            assert land(home, FEED, "mended.ndjson.gz", content).reason == "decompressed_too_large"
    (count,) = rows(home, "SELECT count(*) AS n FROM bronze.landing_files WHERE file_name = 'mended.ndjson.gz'")
    assert count["n"] == 1
    assert land(home, FEED, "mended.ndjson.gz", content).accepted == 2000
    (record,) = rows(home, "SELECT status FROM bronze.landing_files WHERE file_name = 'mended.ndjson.gz'")
    assert record["status"] == "landed"


def test_binary_rubbish_is_rejected(home: Home) -> None:
    report = land(home, FEED, "rubbish.ndjson", b"\x07" + RUBBISH)
    assert (report.status, report.reason) == ("rejected", "unreadable_format")


@pytest.mark.parametrize("start", [b"{", b"{\n", b" {", b"\n{", b"\xef\xbb\xbf{"])
def test_binary_rubbish_that_begins_like_an_event_is_refused_line_by_line(home: Home, start: bytes) -> None:
    name = f"rubbish_{start.hex()}.ndjson"
    report = land(home, FEED, name, start + RUBBISH)
    assert (report.status, report.accepted, report.received) == ("landed", 0, report.quarantined)
    told = reasons(home, name)
    assert len(told) == report.received > 5
    assert {reason for _, _, reason in told} <= {"not_utf8", "malformed_json", "not_an_object"}
