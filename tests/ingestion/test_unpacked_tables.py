"""A few bytes of a Parquet file or a workbook may be the text of a million rows: how much is written is limited."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.adapters.untrusted import Unreadable, convert_parquet, convert_xlsx
from lake.home import Home
from tests.ingestion.landed import land
from tests.ingestion.workbooks import workbook

WANTED = {"camera_id": "camera_id"}
ROWS = 40_000
LIMIT = 64 << 20


def bomb(path: Path, *, dictionary: bool) -> Path:
    """80 MB of camera numbers in some kilobytes; only without a dictionary the footer tells."""
    same = pa.DictionaryArray.from_arrays(pa.array([0] * ROWS, pa.int32()), ["x" * 2_000])
    table = pa.table({"camera_id": same.cast(pa.string()), "township_code": pa.array(["310117001"] * ROWS)})
    pq.write_table(table, path, compression="zstd", use_dictionary=dictionary, data_page_size=1 << 30)
    assert path.stat().st_size < 200_000
    return path


@pytest.mark.parametrize("dictionary", [False, True])
def test_a_parquet_file_that_unpacks_to_much_more_than_its_size_is_refused(
    home: Home, tmp_path: Path, *, dictionary: bool
) -> None:
    content = bomb(tmp_path / "bomb.parquet", dictionary=dictionary).read_bytes()
    report = land(home, "cameras", "cameras_2026-11-22.parquet", content)
    assert (report.status, report.reason) == ("rejected", "decompressed_too_large")


def test_what_the_footer_says_is_believed_before_a_row_is_written(tmp_path: Path) -> None:
    source = bomb(tmp_path / "bomb.parquet", dictionary=False)
    with pytest.raises(Unreadable, match=f"in {ROWS} rows"):
        convert_parquet(source, tmp_path / "table.arrow", WANTED, LIMIT)
    assert not (tmp_path / "table.arrow").exists()


def test_no_more_is_written_than_the_limit_where_the_footer_says_nothing(tmp_path: Path) -> None:
    source = bomb(tmp_path / "bomb.parquet", dictionary=True)
    with pytest.raises(Unreadable, match="bytes of rows"):
        convert_parquet(source, tmp_path / "table.arrow", WANTED, LIMIT)
    assert (tmp_path / "table.arrow").stat().st_size <= LIMIT


def test_more_rows_than_bytes_are_refused_also_when_no_column_of_them_is_read(tmp_path: Path) -> None:
    source = bomb(tmp_path / "bomb.parquet", dictionary=True)
    with pytest.raises(Unreadable):
        convert_parquet(source, tmp_path / "table.arrow", {}, ROWS - 1)
    assert convert_parquet(source, tmp_path / "table.arrow", {}, ROWS + 1_000) == ["camera_id", "township_code"]


def test_the_rows_of_a_workbook_are_counted_too(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(workbook(["camera_id"], *[["x" * 2_000]] * 50))
    with pytest.raises(Unreadable, match="bytes of rows"):
        convert_xlsx(tmp_path / "book.xlsx", tmp_path / "table.arrow", WANTED, 50_000)
    convert_xlsx(tmp_path / "book.xlsx", tmp_path / "table.arrow", WANTED, 500_000)


def test_what_the_count_overlooks_the_system_stops(tmp_path: Path) -> None:
    source = bomb(tmp_path / "bomb.parquet", dictionary=True)
    code = (
        "import json, sys; from ingestion.adapters import untrusted; untrusted._FRAMING = 1_000_000 - int(sys.argv[-1]);"
        "print(json.dumps(untrusted.main(sys.argv[1:])))"
    )
    limits = [str(4 << 30), "60", str(1 << 30)]
    done = subprocess.run(
        [sys.executable, "-c", code, "parquet", str(source), str(tmp_path / "table.arrow"), *limits],
        input=json.dumps(WANTED),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["reason"] == "decompressed_too_large"
    assert (tmp_path / "table.arrow").stat().st_size <= 1_000_000
