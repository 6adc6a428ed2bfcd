"""NVIDIA DeepStream's messages (nvmsgconv, full schema): one JSON object a detection, times in UTC.

Districts send them by the million, so they are taken apart by DuckDB's JSON parser instead of one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.detectors.events import EVENT_COLUMNS, DetectorDecoder, EventReader
from ingestion.detectors.messages import Messages
from lake.engine import sql_text

_HEAD = re.compile(rb'"(?:mdsversion|analyticsModule)"\s*:')

_PATHS = {
    "message": "$.messageid",
    "event": "$.event.id",
    "camera": "$.sensor.id",
    "label": "$.event.type",
    "written": '$."@timestamp"',
    "vehicle": "$.object.vehicle.confidence",
    "person": "$.object.person.confidence",
    "face": "$.object.face.confidence",
    "x": "$.object.location.lon",
    "y": "$.object.location.lat",
    "module": "$.analyticsModule.id",
    "version": "$.analyticsModule.version",
    "track": "$.object.id",
    "video": "$.videoPath",
    "bleft": "$.object.bbox.topleftx",
    "btop": "$.object.bbox.toplefty",
    "bright": "$.object.bbox.bottomrightx",
    "bbottom": "$.object.bbox.bottomrighty",
}
_PLACE = "(nullif(x, '') IS NOT NULL AND NOT (TRY_CAST(x AS DOUBLE) = 0 AND TRY_CAST(y AS DOUBLE) = 0))"
_COLUMNS = {
    "event_id": "coalesce(nullif(message, ''), nullif(event, ''))",
    "camera_id": "nullif(camera, '')",
    "event_type": "nullif(label, '')",
    # UTC whether it says so or not.
    "detected_at": r"CASE WHEN regexp_matches(written, '([zZ]|[+-]\d\d:?\d\d)$') THEN written ELSE written || 'Z' END",
    # Below zero the detector says that it gave none: clustering and tracking write -0.1.
    "confidence": "CASE WHEN coalesce(TRY_CAST(score AS DOUBLE), 0) >= 0 THEN score END",
    # 0/0 is how an object says that it has no place of its own; then the camera's counts.
    "longitude": f"CASE WHEN {_PLACE} THEN x END",
    "latitude": f"CASE WHEN {_PLACE} THEN y END",
    "datum": "NULL",
    "algorithm": "nullif(concat_ws(' ', nullif(module, ''), nullif(version, '')), '')",
    "edge_device_id": "NULL",
    "track_id": "nullif(nullif(track, ''), '-1')",
    "snapshot_uri": "nullif(video, '')",
    "bbox": "'[' || bleft || ', ' || btop || ', ' || bright || ', ' || bbottom || ']'",
}


def _query() -> str:
    paths = ", ".join(sql_text(path) for path in _PATHS.values())
    named = ", ".join(f"found[{place}] AS {name}" for place, name in enumerate(_PATHS, 1))
    columns = ", ".join(f"({_COLUMNS[name]})::VARCHAR AS {name}" for name in EVENT_COLUMNS)
    # A text of which anything is found is an object: only of the others it is asked, which is to parse them again.
    problem = (
        "CASE WHEN found IS NULL THEN 'malformed' "
        f"WHEN coalesce({', '.join(_PATHS)}) IS NULL AND json_type(text) <> 'OBJECT' THEN 'other' END"
    )
    return (
        f"SELECT line, {problem} AS problem, {columns} FROM (SELECT *, coalesce(vehicle, person, face) AS score FROM ("
        f"SELECT line, text, found, {named} FROM (SELECT line, text, TRY(json_extract_string(text, [{paths}])) AS found "
        f"FROM messages)))"
    )


_QUERY = _query()


class DeepstreamDecoder(DetectorDecoder):
    format = "deepstream"

    def recognises(self, name: str, head: bytes) -> bool:  # noqa: ARG002
        return _HEAD.search(head) is not None

    @contextmanager
    def reader(self) -> Iterator[EventReader]:
        # An engine of its own: landing's is busy reading what this yields.
        with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as con:
            yield partial(_events, con)


def _events(con: duckdb.DuckDBPyConnection, block: Messages) -> pa.Table:
    con.register(
        "messages", pa.table({"line": pa.array(block.lines, pa.int64()), "text": pa.array(block.texts, pa.string())})
    )
    found = con.execute(_QUERY).to_arrow_table()
    problems = found["problem"]
    if problems.null_count < found.num_rows:
        for text, line, problem in zip(block.texts, block.lines, problems.to_pylist(), strict=True):
            if problem == "malformed":
                block.refuse_malformed(line, text)
            elif problem == "other":
                block.refuse_other(line, text)
        found = found.filter(pc.is_null(problems))
    return found.drop_columns(["problem"])


DECODER = DeepstreamDecoder()
