"""A NUL, which no page shows and PostgreSQL takes for no text, spoils the line it stands in and no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lake.home import Home
from tests.ingestion.landed import CAMERA_HEADER, assert_balanced, event, land, ndjson, reasons, rows

CAMERAS = [
    ("c1,310117001,121.2,31.0,,street,,", None),
    ("c2\0,310117001,121.2,31.0,,street,,", ("camera_id", "nul_character")),
    ("c3,310117001,121.2,31.0,,st\0reet,,", ("kind", "nul_character")),
    ("c4,310117001,121.2\0,31.0,,street,,", ("longitude", "not_a_number")),
    ("c5,310117001,121.2,31.0,,street,2026-1-1\0,", ("installed_on", "not_a_date")),
    ("c6,310117001,121.2,31.0,WGS84\0,street,,", ("datum", "unknown_code")),
    ("\0", ("row", "malformed_csv")),
    ("c7,310117001,121.2,31.0,,street,,", None),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    shared = Home(tmp_path_factory.mktemp("nul") / "var").ensure()
    yield shared
    assert_balanced(shared)


@pytest.mark.parametrize("blank_lines", [0, 2], ids=["quick", "careful"])
def test_a_nul_in_a_csv_spoils_its_line_only(home: Home, blank_lines: int) -> None:
    name = f"cameras_2026-11-2{blank_lines}.csv"
    text = CAMERA_HEADER + "\n" * blank_lines + "".join(line + "\n" for line, _ in CAMERAS)
    report = land(home, "cameras", name, text.encode())
    assert (report.status, report.received, report.accepted) == ("landed", 8, 2)
    first = 2 + blank_lines
    assert reasons(home, name) == [(first + i, *why) for i, (_, why) in enumerate(CAMERAS) if why is not None]
    (raw,) = rows(home, f"SELECT raw FROM bronze.quarantine WHERE file_name = '{name}' AND reason = 'malformed_csv'")
    assert raw["raw"] == "\\x00"


def test_a_nul_in_an_event_spoils_its_line_only(home: Home) -> None:
    escaped, type_of, plain = event("1\0"), event(2, event_type="x\0"), ndjson([event(3)]).replace(b"e3", b"e\x003")
    report = land(
        home, "detection_events", "n.ndjson", ndjson([event(4), escaped, type_of]) + plain + ndjson([event(5)])
    )
    assert (report.status, report.received, report.accepted) == ("landed", 5, 2)
    assert reasons(home, "n.ndjson") == [
        (2, "event_id", "nul_character"),
        (3, "event_type", "unknown_code"),
        (4, "row", "malformed_json"),
    ]


@pytest.mark.parametrize("name", ["utf16.csv", "rubbish.csv"])
def test_a_nul_in_the_header_is_the_files_fault(home: Home, name: str) -> None:
    content = CAMERA_HEADER.encode("utf-16-le") if name == "utf16.csv" else b"\0" + CAMERA_HEADER.encode()
    report = land(home, "cameras", name, content)
    assert (report.status, report.reason) == ("rejected", "unreadable_format")
