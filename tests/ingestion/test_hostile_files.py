"""Whatever lies in an inbox, landing it never raises: each file lands or is rejected for a reason that was foreseen."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.contracts import Contract, load_contract
from ingestion.inbox import land_inbox
from lake.home import Home
from tests.ingestion.landed import NOW, assert_balanced, rows

TEXTS = ["", "0", "1e400", "nan", "-infinity", "9" * 400, "\u0663", "\u202e", "a\0b", '"', "'; DROP TABLE x", "2026-11-22",
         "0001-01-01", "9999-12-31T23:59:59Z", "9999-12-31 23:59:59", "294247-01-10 04:00:54", "-5877641-06-25", "epoch",
         "2026-11-22T10:00:00+99:99", "2026-02-30", "POLYGON((1e400 nan,1 1,2 2,1e400 nan))", "MULTIPOLYGON(((", "POINT EMPTY",
         "BD09", "x" * 70_000, "\ufeff", "\ud7ff\U0010ffff", "31011719900101001X"]  # fmt: skip
VALUES = ["null", "true", "-0", "1e400", "1" + "0" * 400, "9" * 5000, "NaN", "-Infinity", '"\\u0000"', '"\\udc00\\ud800"',
          "[[[]]]", '{"a":{"b":"\\ud800"}}', '"9999-12-31T23:59:59-14:00"', "1e308", "5e-324", '{"a":1,"a":2}', '""']  # fmt: skip
GOOD = '{"event_id":"e","camera_id":"c","event_type":"illegal_parking","detected_at":"2026-11-22T10:00:00+08:00"'
MESSAGES = {
    "deepstream": '{"mdsversion":"1.0","@timestamp":?,"sensor":{"id":?},"event":?,"object":?}',
    "frigate": '{"before":{},"after":{"id":?,"camera":?,"label":?,"start_time":?,"score":?,"box":?}}',
    "onvif": '{"Frame":[{"UtcTime":?,"Object":[{"Appearance":{"Class":{"Type":[{"#text":?,"Likelihood":?},{"Likelihood":?}]}}}]}]}',
}
DEEP = 100_000
PARQUET = [pa.array([2**64 - 1, 0], pa.uint64()), pa.array([float("nan"), float("inf")]), pa.array([None, None], pa.null()),
           pa.array([2**31 - 1, -(2**31)], pa.date32()), pa.array([2**62, -(2**62)], pa.timestamp("us")),
           pa.array([2**63 - 1, 1], pa.timestamp("ns", "Mars/Phobos")), pa.array([10**70, 1], pa.decimal256(76, 0)),
           pa.array(["x" * 70_000, None]).dictionary_encode(), pa.array(["", "a\0b"]), pa.array([True, None])]  # fmt: skip


def csv_files(names: list[str]) -> Iterator[tuple[str, bytes]]:
    header = ",".join(names)
    quoted = ['"' + text.replace('"', '""') + '"' for text in TEXTS]
    every = "\n".join(",".join([text] * len(names)) for text in quoted)
    yield "every.csv", f"{header}\n{every}\n".encode()
    yield "unquoted.csv", f"{header}\n{chr(10).join(','.join([text] * len(names)) for text in TEXTS)}".encode()
    yield "zeros.csv", header.encode() + b"\n" + b"\0," * len(names) + b"\n\0\0\n"
    yield "only_zeros.csv", b"\0" * 100
    yield "returns.csv", f"{header}\r{every}\r".encode()
    yield "names.csv", f'{header},_line,_fault,rowid,c0,raw {names[0]},"a\rb"\n{quoted[1]}\n'.encode()
    yield "open.csv", f'{header}\n"{every}'.encode()
    yield "twice.csv.gz", gzip.compress(gzip.compress(header.encode()))


def json_files(names: list[str], chance: random.Random) -> Iterator[tuple[str, bytes]]:
    fields = [f"{GOOD},{json.dumps(name)}:{value}}}" for name in names for value in VALUES]
    yield "fields.ndjson", "\n".join(fields).encode()
    yield "empty.ndjson", b""
    yield "deep.ndjson", f'{{"event_id":{"[" * DEEP}\n{{"bbox":{"[" * 3000}{"]" * 3000}}}\n{GOOD}}}'.encode()
    yield (
        "keys.ndjson",
        f'{GOOD},"event_id":1,"event_id":{{"event_id":2}},"\\ud800":3,"\\u0000":4,"":5,"_line":6}}'.encode(),
    )
    yield "returns.ndjson", "\r".join(fields[:9]).encode()
    for kind, message in MESSAGES.items():
        made = [re.sub(r"\?", lambda _: chance.choice(VALUES), message) for _ in range(99)]
        yield f"{kind}.ndjson", "\n".join([message.replace("?", '"x"'), *made]).encode()


def captures(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    start = b"2026-11-22T10:00:00+08:00 7e"
    frames = [kind + chance.randbytes(chance.randrange(80)).hex().encode() for kind in (b"0200", b"0704", b"") * 50]
    yield "frames.jtt808", b"\n".join(start + frame + b"7e" for frame in frames)
    yield "long.jtt808", start + b"00" * 3_000_000 + b"7e\n9999-99-99T99:99:99+99:99 7e0200\n" + b"\0\n" * 50


def tables(names: list[str]) -> Iterator[tuple[str, bytes]]:
    for shift in range(0, len(PARQUET), 4):
        content = io.BytesIO()
        pq.write_table(pa.table({n: PARQUET[(i + shift) % len(PARQUET)] for i, n in enumerate(names)}), content)
        yield f"types{shift}.parquet", content.getvalue()


def hostile(contract: Contract) -> Iterator[tuple[str, bytes]]:
    names, chance = [column.sources[0] for column in contract.columns], random.Random(7)
    match contract.feed:
        case "detection_events":
            yield from json_files(names, chance)
        case "truck_gps":
            yield from csv_files(names)
            yield from captures(chance)
        case _:
            yield from tables(names)


@pytest.mark.parametrize("feed", ["detection_events", "truck_gps", "settlement_receipts"])
def test_hostile_files_land_or_are_rejected_and_never_raise(home: Home, feed: str) -> None:
    folder = home.inbox / feed
    folder.mkdir(parents=True)
    files = dict(hostile(load_contract(feed)))
    for day, (name, content) in enumerate(files.items(), 1):
        (folder / f"{feed}_2026-11-{day:02}_{name}").write_bytes(content)
    reports = land_inbox(home, feed, now=NOW).files
    assert len(reports) == len(files) > 1
    assert [(file.file, file.detail) for file in reports if file.reason == "unexpected_error"] == []
    assert [file.file for file in reports if "onvif" in file.file and file.status == "rejected"] == []
    assert list(folder.iterdir()) == []
    assert_balanced(home)
    assert rows(home, "SELECT * FROM bronze.landing_accounting WHERE business_date > '9999-12-31'") == []
