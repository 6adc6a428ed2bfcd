"""Child process that parses one untrusted Parquet or XLSX file under limits and writes it as an Arrow stream.

    python -m ingestion.adapters.untrusted parquet|xlsx SOURCE TARGET MEMORY_BYTES SECONDS

Standard input: JSON of the wanted columns and the fields they are read as. Standard output: `{"columns": [all names]}`,
or `{"reason", "detail"}`; where the disk and not the file is at fault `{"errno", "detail"}`.
"""

from __future__ import annotations

import errno
import json
import resource
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from ingestion.adapters.workbook import BadSheet, Sheet

UNPACKED_LIMIT = 4 << 30  # bytes of a workbook's parts
UNPACKED_RATIO = 200
_BATCH_ROWS = 65_536
_OF_PLATFORM = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE)  # which say nothing about a file
_SHOWN = 200  # characters of a type, which may be a tree


class Unreadable(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def convert_parquet(source: Path, target: Path, wanted: Mapping[str, str]) -> list[str]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(source) as file:
        names = [field.name for field in file.schema_arrow]
        kept = [name for name in names if name in wanted]
        if len(set(names)) != len(names):
            raise Unreadable("unreadable_format", "two columns have one name")
        schema = pa.schema([_plain(file.schema_arrow.field(name)) for name in kept])
        with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=kept, use_threads=False):
                writer.write_batch(_conform(batch, schema))
    return names


def _plain(field: pa.Field) -> pa.Field:
    """The field as it is handed on. Raises Unreadable for a type that is none of those known to become a value: one that
    nobody thought of (a duration, an interval, an extension) would be told by the engine in the middle of the landing."""
    types, kind = pa.types, field.type
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_date(kind):
        pass
    elif types.is_timestamp(kind):
        kind = pa.timestamp("us", tz=kind.tz)
    elif types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_null(kind):
        kind = pa.string()
    elif types.is_decimal(kind) or types.is_floating(kind):
        kind = pa.float64()
    else:
        raise Unreadable("unreadable_format", f"column {field.name} is of type {kind}"[:_SHOWN])
    return pa.field(field.name, kind)


def _conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    # Nanoseconds are cut to microseconds, the lake's resolution.
    return pa.RecordBatch.from_arrays(
        [batch.column(i).cast(field.type, safe=False) for i, field in enumerate(schema)], schema=schema
    )


def convert_xlsx(source: Path, target: Path, wanted: Mapping[str, str]) -> list[str]:
    with zipfile.ZipFile(source) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    if unpacked > UNPACKED_LIMIT or unpacked > UNPACKED_RATIO * max(source.stat().st_size, 1 << 16):
        raise Unreadable("decompressed_too_large", f"{unpacked} bytes unpacked")
    try:
        sheet = Sheet(source)
    except BadSheet as problem:
        raise Unreadable(str(problem), "the header row") from None
    schema, batches = sheet.batches(wanted)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return [name for name in sheet.names if name]


def main(arguments: Sequence[str]) -> dict[str, object]:
    kind, source, target, memory, seconds = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wanted = json.load(sys.stdin)
    try:
        convert = convert_parquet if kind == "parquet" else convert_xlsx
        return {"columns": convert(Path(source), Path(target), wanted)}
    except Unreadable as error:
        return {"reason": error.reason, "detail": error.detail}
    except MemoryError:
        return {"reason": "decompressed_too_large", "detail": "needs more memory than a file may"}
    except Exception as error:  # any failure of a parser on hostile bytes is the file's fault
        if isinstance(error, OSError) and error.errno in _OF_PLATFORM:
            return {"errno": error.errno, "detail": str(error)}
        return {"reason": "unreadable_format", "detail": f"{type(error).__name__}: {error}"[:500]}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
