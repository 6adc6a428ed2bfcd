"""A source may call its columns what it likes: landing's own names are its own, in every format and way of reading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lake.home import Home
from tests.ingestion.landed import CAMERA_HEADER, GOOD_CAMERA, assert_balanced, land, rows
from tests.ingestion.made_contracts import changed, with_columns
from tests.ingestion.workbooks import workbook

OWN = {"line": "14", "raw": "as it was", "refused_rule": "none", "n": "1", "f": "2", "given": "3", "reason": "4"}


@pytest.fixture
def lines(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An installation with a feed whose columns are called as landing calls some of its own."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    monkeypatch.setenv("YUNJIAN_CONTRACTS", str(folder))

    def change(contract):  # type: ignore[no-untyped-def]
        with_columns(*OWN)(contract)
        contract["customProperties"][0]["value"]["formats"] = ["csv", "xlsx", "ndjson"]

    changed(folder, "bus_stops", change)
    return home


@pytest.mark.parametrize("kind", ["csv", "csv with a blank line", "ndjson", "ndjson with a cut line", "xlsx"])
def test_columns_that_are_called_as_landing_calls_its_own_keep_their_values(lines: Home, kind: str) -> None:
    names = [*CAMERA_HEADER.strip().split(","), *OWN]
    values = [*GOOD_CAMERA.strip().split(","), *OWN.values()]
    text = ",".join(names) + "\n" + ",".join(values) + "\n"
    record = json.dumps(dict(zip(names, values, strict=True))) + "\n"
    content = {
        "csv": text.encode(),
        "csv with a blank line": (text + "\n").encode(),
        "ndjson": record.encode(),
        "ndjson with a cut line": ('\ufeff{"cut": \n\n' + record).encode(),
        "xlsx": workbook(names, values),
    }[kind]
    report = land(lines, "bus_stops", f"bus_stops_2026-11-22.{kind.split()[0]}", content)
    assert (report.status, report.accepted) == ("landed", 1)
    (row,) = rows(lines, "SELECT * FROM bronze.bus_stops")
    assert {name: row[name] for name in OWN} == OWN
    assert_balanced(lines)
