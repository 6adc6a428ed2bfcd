"""A scanned batch's rows as bronze stores them, in any order, for a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.parquet_file import ROW_GROUP
from ingestion.rules.compiler import raw_name, value_name
from ingestion.scanning import layout as L
from ingestion.scanning.columns import Part
from ingestion.scanning.left_texts import LeftTexts
from ingestion.scanning.plan import Field
from ingestion.scanning.texts import PlainTexts
from ingestion.scanning.word_list import WordList
from lake.engine import sql_name

if TYPE_CHECKING:
    from ingestion.scanned_batch import ScannedBatch

# Every row group has a list of its own; one of more words than this, if they are short, costs more than it saves.
_MOST_LISTED, _SHORT = ROW_GROUP // 8, 16  # words, bytes of a word
TYPES = {
    L.TEXT: "VARCHAR",
    L.REAL: "DOUBLE",
    L.INTEGER: "BIGINT",
    L.BOOLEAN: "BOOLEAN",
    L.INSTANT: "TIMESTAMP",
    L.DATE: "DATE",
}  # as DuckDB sees the kinds of field


def finished_rows(batch: ScannedBatch, rows: Part, file_sha256: str) -> Iterator[pa.RecordBatch]:
    """Rows as bronze stores them, in the given order. What is at hand as it is stored need not go through DuckDB.

    Several threads may take from several of these.
    """
    names = [column.name for column in batch.contract.stored_columns]
    same = {**_same_values(batch), "_file_sha256": pa.scalar(file_sha256)}
    given, plain = numbers_as_stored(batch), texts_as_stored(batch)
    at_hand = batch.lists.keys() | batch.keyed.keys() | same.keys() | given.keys() | plain.keys()
    made = [name for name in names if name not in at_hand]
    order = [*names, "_file_sha256", "_line"]

    def row_group(part: Part) -> pa.RecordBatch:
        count = length(part)
        found = _made(batch, made, part)
        for name, words in batch.lists.items():
            found[name] = words.arrow(part) if _is_listed(words) else words.texts(part)
        found |= {name: taken(keyed, part) for name, keyed in batch.keyed.items()}
        found |= {name: batch.values_of(field.name, part) for name, field in given.items()}
        fetched = batch.columns.fetched(part)
        for name, (field_name, texts) in plain.items():
            if isinstance(texts, LeftTexts):
                found[name] = fetched[field_name].arrow(slice(0, count), empty_is_missing=True)
            else:
                found[name] = texts.arrow(part, empty_is_missing=True)
        found |= {name: _repeated(value, count) for name, value in same.items()}
        found["_line"] = pa.array(batch.columns.lines[part].astype(np.int64))
        return pa.RecordBatch.from_arrays([found[name] for name in order], names=order)

    for part in parts(rows, ROW_GROUP):
        # Nothing of it is held here. Numpy takes by wider numbers several times as fast.
        yield row_group(part if isinstance(part, slice) else part.astype(np.int64))


def _is_listed(words: WordList) -> bool:
    count = len(words.values)
    return count <= _MOST_LISTED or pc.sum(pc.binary_length(words.values)).as_py() > _SHORT * count


def parts(rows: Part, most: int) -> Iterator[Part]:
    """The rows in parts of at most so many."""
    start, stop = (rows.start, rows.stop) if isinstance(rows, slice) else (0, len(rows))
    for first in range(start, stop, most):
        share = slice(first, min(first + most, stop))
        yield share if isinstance(rows, slice) else rows[share]


def length(part: Part) -> int:
    """How many rows a part has."""
    return part.stop - part.start if isinstance(part, slice) else len(part)


def taken(values: pa.ChunkedArray, part: Part) -> pa.Array:
    """Some rows of an Arrow column."""
    some = values.slice(part.start, length(part)) if isinstance(part, slice) else values.take(pa.array(part))
    return some.combine_chunks()


def numbers_as_stored(batch: ScannedBatch) -> dict[str, Field]:
    """The stored columns that are a field's numbers or times as they were scanned.

    The rules' own casts change nothing of a value of its type.
    """
    found = {}
    for field in batch.fields.values():
        if field.column is None or field.name not in batch.columns.numbers:
            continue
        column = batch.contract.column(field.column)
        stored = column.stored
        if stored is None or len(column.sources) > 1 or column.default is not None or TYPES[field.kind] != stored.type:
            continue
        if batch.stored.get(stored.name) == value_name(column.name):
            found[stored.name] = field
    return found


def texts_as_stored(batch: ScannedBatch) -> dict[str, tuple[str, PlainTexts | LeftTexts]]:
    """The stored columns that are a field's texts as they were scanned, an empty one missing: the field, and its texts."""
    found = {}
    for field in batch.fields.values():
        texts = batch.columns.texts.get(field.name)
        if field.column is None or not isinstance(texts, PlainTexts | LeftTexts):
            continue
        column, rules = batch.contract.column(field.column), batch.quick.columns[field.column]
        raw, value = raw_name(column.name), value_name(column.name)
        as_given = rules.raw == f"nullif({sql_name(field.name)}, '') AS {raw}" and rules.value == f"{raw} AS {value}"
        if column.stored is not None and as_given and batch.stored.get(column.stored.name) == value:
            found[column.stored.name] = (field.name, texts)
    return found


def _same_values(batch: ScannedBatch) -> dict[str, pa.Scalar]:
    """What is the same in every row, by stored column."""
    names = [column.name for column in batch.contract.stored_columns if column.name in batch.rules.constants]
    if not names:
        return {}
    types = {column.name: column.type for column in batch.contract.stored_columns}
    wanted = ", ".join(f"CAST({batch.rules.constants[name]} AS {types[name]}) AS {sql_name(name)}" for name in names)
    with batch.asking:
        row = batch.con.execute(f"SELECT {wanted}").to_arrow_table()
    return {name: row.column(name)[0] for name in names}


def _repeated(value: Any, count: int) -> pa.Array:
    if not value.is_valid:
        return pa.nulls(count, value.type)
    if pa.types.is_string(value.type):
        return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([value.as_py()]))
    return pa.repeat(value, count)


def _made(batch: ScannedBatch, names: Sequence[str], part: Part) -> dict[str, pa.Array]:
    """Some rows of stored columns whose values have yet to be made of the typed ones."""
    if not names:
        return {}
    types = {column.name: column.type for column in batch.contract.stored_columns}
    values = ", ".join(f"CAST({batch.stored[name]} AS {types[name]}) AS {sql_name(name)}" for name in names)
    places = pa.array(np.arange(length(part), dtype=np.int32))
    with batch.asking:
        batch.con.register("part", batch.part(part).append_column("_place", places))
        made = batch.con.execute(f"SELECT {values} FROM ({batch.layers('part')}) ORDER BY _place").to_arrow_table()
        batch.con.unregister("part")
    return {name: made.column(name).combine_chunks() for name in names}
