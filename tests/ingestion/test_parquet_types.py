"""Which types of Parquet columns become values, and that any other one costs its file and no more."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.adapters.untrusted import Unreadable, convert_parquet
from ingestion.inbox import land_inbox
from lake.home import Home
from tests.ingestion.landed import CAMERA_HEADER, GOOD_CAMERA, NOW, assert_balanced

TAKEN = {
    "dictionary": pa.array(["a"]).dictionary_encode(),
    "view": pa.array(["a"], pa.string_view()),
    "large": pa.array(["a"], pa.large_string()),
    "half": pa.array([1.5], pa.float16()),
    "decimal": pa.array([Decimal("1.5")], pa.decimal256(50, 3)),
    "truth": pa.array([True]),
    "unsigned": pa.array([2**64 - 1], pa.uint64()),
    "day": pa.array([1], pa.date64()),
    "instant": pa.array([1], pa.timestamp("ns", "America/New_York")),
    "nothing": pa.array([None], pa.null()),
}
REFUSED = {
    "duration": pa.array([1], pa.duration("s")),
    "time": pa.array([1], pa.time64("us")),
    "bytes": pa.array([b"a"], pa.large_binary()),
    "fixed": pa.array([b"a"], pa.binary(1)),
    "list": pa.array([[1]]),
    "struct": pa.array([{"a": 1}]),
    "map": pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())),
    "json": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}"])),
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))),
}


@pytest.mark.parametrize("name", [*TAKEN, *REFUSED])
def test_a_type_is_handed_on_as_a_value_or_refused_by_column_and_type(tmp_path: Path, name: str) -> None:
    source = tmp_path / "source.parquet"
    pq.write_table(pa.table({"seen": (TAKEN | REFUSED)[name], "other": REFUSED["duration"]}), source)
    if name in TAKEN:
        assert convert_parquet(source, tmp_path / "table", {"seen": "seen"}, 1 << 20) == ["seen", "other"]
        return
    with pytest.raises(Unreadable) as refused:
        convert_parquet(source, tmp_path / "table", {"seen": "seen"}, 1 << 20)
    assert refused.value.reason == "unreadable_format"
    assert refused.value.detail.startswith("column seen is of type ")


def test_a_parquet_file_with_a_column_of_durations_is_rejected_and_the_next_file_lands(home: Home) -> None:
    folder = home.inbox / "cameras"
    folder.mkdir(parents=True)
    camera = {"camera_id": ["c"], "township_code": ["310117001"], "latitude": [31.0]}
    content = io.BytesIO()
    pq.write_table(pa.table({**camera, "longitude": pa.array([1], pa.duration("s"))}), content)
    (folder / "cameras_2026-11-20.parquet").write_bytes(content.getvalue())
    (folder / "cameras_2026-11-21.csv").write_text(CAMERA_HEADER + GOOD_CAMERA)
    bad, good = land_inbox(home, "cameras", now=NOW).files
    assert (bad.status, bad.reason) == ("rejected", "unreadable_format")
    assert bad.detail == "column longitude is of type duration[s]"
    assert (good.status, good.accepted) == ("landed", 1)
    assert list(folder.iterdir()) == []
    assert_balanced(home)
