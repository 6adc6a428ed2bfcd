"""The straight way of a large file: from its parser into Parquet, without a table of all its rows in between.

It is for files that DuckDB's parser, reading with many threads, cannot number: one line that is cut off takes the next one
with it. Reading such a file line by line in Python is slow. (A file without such lines is landed sooner by way of a table,
while its hash is still being taken.)

Each thread reads a run of lines in order (`segments`) and writes the rows that surely pass every check, with their line
numbers, into a Parquet file of its own. The lines that are missing there are judged apart, by the rules that any other
file is judged by. What comes of it is a batch like any other, whose `TYPED` is a view over those files; if its rows lie
right already, the files themselves become the lake's (`straight_files`).

The hash is waited for first, since every row carries it. A file that this way, too, cannot number exactly (blank lines), or
of which too many lines would have to be judged apart, is read line by line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingestion.adapters import recognise
from ingestion.adapters.lines import BOM, fetch_lines
from ingestion.adapters.ndjson import FORMAT, NdjsonReader
from ingestion.adapters.reading import ClearFile, LineNumbers, NeedsCarefulReading
from ingestion.batch import APART, STAGED, TYPED, Batch
from ingestion.bronze_commit import PARQUET
from ingestion.contracts import Contract
from ingestion.fingerprint import Fingerprint
from ingestion.positions import WGS84, convert_positions
from ingestion.rules import FileFacts, compile_rules
from ingestion.rules.compiler import DATUM, business_date_of
from ingestion.segments import AVAILABLE, Segment, piped, segments
from ingestion.straight_files import relation_of
from lake.engine import sql_name, sql_text

FROM_BYTES = 4 << 20  # smaller files are read line by line as quickly
_NO_OBJECT = b"-\n"
_QUICK = json.JSONDecoder(parse_int=float)
_MOST_APART = 0.4  # share of the lines; with more of them, reading all of it line by line is hardly dearer


def goes_straight(contract: Contract, file: ClearFile) -> bool:
    """Whether a file is large and plain enough: NDJSON, rows dated by themselves, no identity and no geometry in them."""
    columns = contract.columns
    return (
        AVAILABLE
        and file.size >= FROM_BYTES
        and recognise(contract, file.name, file.head).format == FORMAT
        and not file.head.startswith(BOM)
        and contract.business_date_column is not None
        and len(contract.sort_order) <= 1
        and not contract.has_personal_data
        and not any(column.geometry or (column.treatment and column.stored) for column in columns)
        and (contract.longitude is None or contract.column(contract.longitude).datum in (None, WGS84))
    )


def read_straight(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    file: ClearFile,
    facts: FileFacts,
    scratch: Path,
    sha256: str,
    read_apart: Callable[[ClearFile], Batch],
) -> Batch:
    """The batch of a whole file. `read_apart` reads a small file of some of its lines the ordinary way.

    Raises NeedsCarefulReading, or what DuckDB raises, when the file has to be read line by line.
    """
    reader = NdjsonReader(contract, file, typed=True)
    rules = compile_rules(contract, reader.shape, facts)
    stored = {column.name: column.type for column in contract.stored_columns}
    doubts = [f"{sql_name(name)} NOT IN (0, 1)" for name in reader.typed]  # false and true read as numbers

    def sure(source: Path, segment: Segment) -> str:
        numbered = f"(SELECT *, {segment.before} + row_number() OVER () AS _line FROM {reader.of(source)})"
        # Whatever comes last comes along, so that its number tells whether as many rows were read as there are lines.
        return (
            f"SELECT * EXCLUDE (_sure, _line), {sql_text(sha256)} AS _file_sha256, "
            f"CASE WHEN _sure THEN _line ELSE -_line END AS _line "
            f"FROM ({rules.sure(numbered, '_line', stored, doubts)}) WHERE _sure OR _line >= {segment.last}"
        )

    parts = _write_parts(con, file, scratch, sure)
    lines = _missing(con, file, parts)
    if len(lines) > _MOST_APART * file.lines:
        raise NeedsCarefulReading(f"{len(lines)} of {file.lines} lines are not plainly good")
    apart = read_apart(_some_lines(file, lines, scratch / "apart"))
    if not isinstance(apart.reader, NdjsonReader):  # its rows hold raw content, some of it not the file's
        raise NeedsCarefulReading("lines judged apart are not plain NDJSON")
    convert_positions(apart)
    _join(con, contract, apart, lines, parts)
    reader.shape = apart.reader.shape
    return replace(
        apart,
        reader=reader,
        rows=file.lines,
        numbers=LineNumbers(),
        numbered=f"(SELECT rowid AS _row, * EXCLUDE (rowid) FROM {TYPED})",
        parts=tuple(parts),
    )


def _write_parts(
    con: duckdb.DuckDBPyConnection, file: ClearFile, scratch: Path, sure: Callable[[Path, Segment], str]
) -> list[Path]:
    """One Parquet file a segment, in scratch. Raises NeedsCarefulReading when lines and rows are not the same."""
    (threads,) = con.execute("SELECT current_setting('threads')::INTEGER").fetchone() or (1,)

    def write(number: int, segment: Segment) -> Path:
        pipe, part = scratch / f"segment-{number}", scratch / f"part-{number}.parquet"
        with con.cursor() as cursor, piped(file.path, segment, pipe):
            cursor.execute(f"COPY ({sure(pipe, segment)}) TO {sql_text(part)} ({PARQUET})")
            found = cursor.execute(f"SELECT max(abs(_line)) FROM read_parquet({sql_text(part)})").fetchone()
        if found != (segment.last,):
            raise NeedsCarefulReading(f"lines {segment.before + 1} to {segment.last} gave other rows")
        return part

    runs = segments(file, threads)
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="segment") as pool:
        return list(pool.map(write, range(len(runs)), runs))


def _missing(con: duckdb.DuckDBPyConnection, file: ClearFile, parts: Sequence[Path]) -> NDArray[np.int64]:
    """The lines of a file that are in none of its parts, in order."""
    found = con.execute(f"SELECT _line FROM {relation_of(parts)} WHERE _line > 0").fetchnumpy()["_line"]
    missing = np.ones(file.lines + 1, dtype=np.bool_)
    missing[0] = False
    missing[found] = False
    return np.flatnonzero(missing)


def _some_lines(file: ClearFile, lines: NDArray[np.int64], target: Path) -> ClearFile:
    with target.open("wb") as stream:
        for _, raw in fetch_lines(file.path, (int(line) for line in lines), file.ends):
            # A line cut off would take the next one with it. What is no object is refused whatever it says.
            stream.write(raw + b"\n" if _is_object(raw) else _NO_OBJECT)
    found = Fingerprint(sha256="", size=target.stat().st_size, lines=len(lines))
    return replace(file, path=target, size=found.size, counted=lambda: found)


def _is_object(raw: bytes) -> bool:
    """What `parse_object` would say, sooner: it need not keep numbers as they are written."""
    try:
        return isinstance(_QUICK.decode(raw.decode("utf-8")), dict)
    except (ValueError, RecursionError):
        return False


def _join(
    con: duckdb.DuckDBPyConnection, contract: Contract, apart: Batch, lines: NDArray[np.int64], parts: Sequence[Path]
) -> None:
    """Make `TYPED` the rows of the parts and those judged apart, each with its line of the whole file."""
    con.register("apart_lines", pa.table({"line": pa.array(lines), "place": np.arange(1, len(lines) + 1)}))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {APART} AS SELECT l.line AS _line, n.* EXCLUDE (_row, _line) "
        f"FROM {apart.numbered} AS n JOIN apart_lines AS l ON l.place = n._line ORDER BY l.line"
    )
    con.unregister("apart_lines")
    con.execute(f"DROP VIEW temp.{TYPED}")
    con.execute(f"DROP TABLE temp.{STAGED}")
    assert contract.business_date_column is not None
    day = business_date_of(sql_name(contract.business_date_column))
    # Whatever datum rows apart came in, they have been converted.
    con.execute(
        f"CREATE TEMP VIEW {TYPED} AS SELECT _line - 1 AS rowid, *, '{WGS84}' AS {DATUM} FROM ("
        f"SELECT * EXCLUDE (_file_sha256), 0::SMALLINT AS _fault, NULL::VARCHAR AS _source, {day} AS _date "
        f"FROM {relation_of(parts)} WHERE _line > 0 "
        f"UNION ALL BY NAME SELECT COLUMNS(c -> c <> '{DATUM}') FROM {APART})"
    )
