"""A large CSV file's rows as the compiled scanner has them in memory, offered to DuckDB as the same view as any batch.

What decides about a row is the contract's rules, as everywhere: words that come again and again are judged once, numbers
and times in one query. A row that does not surely pass is read again from its line as text, and judged by that alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.dataset
from numpy.typing import NDArray

from ingestion.adapters.reading import NeedsTextReading
from ingestion.adapters.scanned import ScannedReader
from ingestion.batch import DROPPED, MENDED, SCANNED, TYPED, Batch
from ingestion.columns import Column
from ingestion.pseudonyms import pseudonymise
from ingestion.rules import CompiledRules
from ingestion.rules.compiler import DATUM, raw_name, value_name
from ingestion.scanning.columns import Part, ScannedColumns, arrow
from ingestion.scanning.plan import Field
from ingestion.scanning.texts import CodedTexts
from ingestion.scanning.word_list import WordList, listed
from lake.engine import sql_name

_MANY = 100_000  # rows to be read again: from there all of the file is
_SHARE = 122_880  # rows that one of DuckDB's threads takes at a time
_ARRANGED = "arranged"
_EPOCH = date(1970, 1, 1)


@dataclass
class ScannedBatch(Batch):
    """`quick`: the rules over the scanned columns. `moved`: rows that were read again, and stand in MENDED instead."""

    columns: ScannedColumns = field(kw_only=True)
    fields: Mapping[str, Field] = field(kw_only=True)  # by their names
    quick: CompiledRules = field(kw_only=True)
    stored: Mapping[str, str] = field(kw_only=True)  # SQL of the stored columns over the layers of `quick`
    moved: NDArray[np.bool_] = field(kw_only=True)
    days: NDArray[np.int32] | None = field(kw_only=True)  # business dates since 1970; None: all rows have the file's
    lists: dict[str, WordList] = field(default_factory=dict)
    keyed: dict[str, pa.ChunkedArray] = field(default_factory=dict)  # pseudonyms of identities that are no words

    def judge(self) -> None:
        """Find the rows that do not surely pass."""
        self.con.register(SCANNED, self._table())
        for column in self._coded():
            texts = self._codes(column)
            rules = self.quick.columns[column.name]
            good = self._of_words(column, texts, f"({rules.good}) IS TRUE").to_numpy(zero_copy_only=False)
            if not good.all():
                self.moved |= ~good[texts.codes]
        passed = {f.column for f in self.fields.values() if not f.is_kept} | {c.name for c in self._coded()}
        checks = [rules.good for name, rules in self.quick.columns.items() if name not in passed]
        holds = " AND ".join([*self.quick.together, *checks])
        failing = self.con.execute(
            f"SELECT (_row | 0) AS row FROM ({self._layers(SCANNED)}) WHERE ({holds or 'TRUE'}) IS NOT TRUE"
        ).fetchnumpy()["row"]
        self.moved[np.asarray(failing, np.int64)] = True

    def mend(self) -> None:
        """Read the lines of the moved rows again. Raises NeedsTextReading when they are many."""
        con, reader = self.con, self.reader
        assert isinstance(reader, ScannedReader)
        rows = np.flatnonzero(self.moved)
        if len(rows) > _MANY:
            raise NeedsTextReading(f"{len(rows)} rows are not spelt as usual")
        lines = self.columns.lines[rows]
        given = [texts for _, texts in reader.texts(lines.tolist())]
        texts = {name: pa.array([row[name] for row in given], pa.string()) for name in reader.shape.columns}
        con.register("misread", pa.table({"_line": pa.array(lines), **texts}))
        con.register("places", pa.table({"_line": pa.array(lines), "_row": pa.array(rows)}))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {MENDED} AS SELECT places._row, typed.* "
            f"FROM ({self.rules.typed('misread')}) AS typed JOIN places USING (_line) ORDER BY _row"
        )
        con.unregister("misread")
        con.unregister("places")

    def list_words(self) -> None:
        """Make lists of the stored values of every column of words, and offer the batch."""
        for column in self._coded():
            texts = self._codes(column)
            for name in self._stored_names(column):
                words = self._of_words(column, texts, f"CAST({self.stored[name]} AS VARCHAR)")
                self.lists[name] = listed(words, texts.codes)
        for column in self._coded():
            del self.columns.texts[column.sources[0]]
        self._offer()

    def pseudonymise(self, key: bytes) -> None:
        """Identities become keyed pseudonyms: words once each, others row by row."""
        for column in self.contract.columns:
            treatment, stored = column.treatment, column.stored
            if treatment is None or treatment.kind != "hmac" or stored is None or stored.name not in self.stored:
                continue
            name, clear_words = stored.name, self.lists.get(stored.name)
            if clear_words is not None:
                words = pseudonymise(clear_words.values, key).combine_chunks()
                self.lists[name] = listed(pa.concat_arrays([words, pa.nulls(1, pa.string())]), clear_words.indexes)
            else:
                clear = f"SELECT {self.stored[name]} AS value FROM ({self._layers(SCANNED)})"
                self.keyed[name] = pseudonymise(self.con.execute(clear).to_arrow_table().column("value"), key)
                for source in column.sources:  # of which the file may have any
                    self.columns.texts.pop(source, None)
            self._pseudonymise_mended(name, key)
        self._offer()

    def shares(self, day: date) -> Iterator[str]:
        keys = [self._sort_key(name) for name in self.contract.sort_order]
        if any(key is None for key in keys):
            yield from super().shares(day)
            return
        wanted = ~self.moved
        if self.days is not None:
            wanted &= self.days == (day - _EPOCH).days
        dropped = self.con.execute(f"SELECT _row FROM {DROPPED}").fetchnumpy()["_row"]
        wanted[np.asarray(dropped, np.int64)] = False
        rows: Part = slice(0, self.rows) if wanted.all() else np.flatnonzero(wanted).astype(np.int32)
        for key in reversed(keys):
            rows = _sorted(rows, key)
        schema = self._batch(slice(0, 0)).schema
        self.con.register(_ARRANGED, pa.RecordBatchReader.from_batches(schema, self._arranged(rows)))
        yield f"(SELECT {self._stored_columns()} FROM ({self._layers(_ARRANGED)}))"
        self.con.unregister(_ARRANGED)
        # The rows that were read again are a file of their own: few, and anywhere.
        if self.con.execute(f"SELECT 1 FROM {MENDED} WHERE _fault = 0 LIMIT 1").fetchone():
            mended = f"(SELECT {self._mended_columns()} FROM {MENDED} WHERE _fault = 0)"
            yield f"(SELECT * FROM {mended} ANTI JOIN {DROPPED} USING (_row) WHERE _date = DATE '{day.isoformat()}')"

    def _arranged(self, rows: Part) -> Iterator[pa.RecordBatch]:
        count = self.rows if isinstance(rows, slice) else len(rows)
        for start in range(0, count, _SHARE):
            stop = min(start + _SHARE, count)
            yield self._batch(slice(start, stop) if isinstance(rows, slice) else rows[start:stop])

    def _sort_key(self, name: str) -> NDArray | None:
        """What a stored column's values sort by; None where that is not at hand."""
        if name in self.lists:
            indexes = self.lists[name].indexes
            few = len(self.lists[name].values) < 1 << 16  # which numpy sorts digit by digit
            return np.where(indexes < 0, len(self.lists[name].values), indexes).astype(np.uint16 if few else np.int32)
        source = {c.stored.name: c.sources[0] for c in self.contract.columns if c.stored and c.treatment is None}
        return self.columns.numbers.get(source.get(name, ""))

    def _offer(self) -> None:
        """Make the view TYPED of everything as it is now."""
        self.con.register(SCANNED, self._table())
        # What DuckDB must not push down into Arrow, where it would copy whole columns, is an expression here.
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW {TYPED} AS SELECT (_row | 0) AS rowid, 0::SMALLINT AS _fault, "
            f"NULL::VARCHAR AS _source, {self._stored_columns()} FROM ({self._layers(SCANNED)}) WHERE (_moved & 1) = 0 "
            f"UNION ALL SELECT _row AS rowid, _fault, _source, {self._mended_columns(row=False)} FROM {MENDED}"
        )

    def _stored_columns(self) -> str:
        day = self.quick.date if self.days is None else "DATE '1970-01-01' + _day"
        columns = [f"{day} AS _date", "_line"]
        for name, value in self.stored.items():
            made = name in self.lists or name in self.keyed
            columns.append(f"{sql_name(f'stored {name}') if made else value} AS {sql_name(name)}")
        return ", ".join([*columns, *self._same_columns()])

    def _mended_columns(self, *, row: bool = True) -> str:
        return ", ".join(
            [*(["_row"] if row else []), "_date", "_line", *map(sql_name, self.stored), *self._same_columns()]
        )

    def _same_columns(self) -> list[str]:
        return [f"{value} AS {sql_name(name)}" for name, value in self.rules.constants.items()]

    def _pseudonymise_mended(self, name: str, key: bytes) -> None:
        quoted = sql_name(name)
        clear = self.con.execute(
            f"SELECT DISTINCT {quoted} AS value FROM {MENDED} WHERE _fault = 0 AND {quoted} IS NOT NULL"
        ).to_arrow_table()
        self.con.register("named", clear.append_column("pseudonym", pseudonymise(clear.column("value"), key)))
        self.con.execute(
            f"UPDATE {MENDED} SET {quoted} = named.pseudonym FROM named WHERE _fault = 0 AND {quoted} = named.value"
        )
        self.con.unregister("named")

    def _coded(self) -> list[Column]:
        coded = [f.column for f in self.fields.values() if isinstance(self.columns.texts.get(f.name), CodedTexts)]
        return [self.contract.column(name) for name in coded if name is not None]

    def _codes(self, column: Column) -> CodedTexts:
        texts = self.columns.texts[column.sources[0]]
        assert isinstance(texts, CodedTexts)
        return texts

    def _stored_names(self, column: Column) -> list[str]:
        names = [column.stored.name] if column.stored is not None else []
        return [*names, DATUM] if column.name == self.contract.datum_column else names

    def _of_words(self, column: Column, texts: CodedTexts, wanted: str) -> pa.Array:
        """SQL over the layers of one column, of each of its words."""
        rules = self.quick.columns[column.name]
        self.con.register("words", pa.table({column.sources[0]: texts.words}))
        found = self.con.execute(
            f"SELECT {wanted} AS found FROM (SELECT *, {rules.value} FROM (SELECT *, {rules.raw} FROM words))"
        ).to_arrow_table()
        self.con.unregister("words")
        return found.column("found").combine_chunks()

    def _layers(self, relation: str) -> str:
        """A relation of scanned columns with each one's raw and typed value; of words only whether there is one."""
        coded = {column.name for column in self._coded()}
        at_hand = self.columns.texts.keys() | self.columns.numbers.keys()
        raws, values = [], []
        for column in self.contract.columns:
            name, rules = column.name, self.quick.columns[column.name]
            if name in coded:
                raws.append(f"nullif({sql_name(column.sources[0])}, 0) AS {raw_name(name)}")
                values.append(f"{raw_name(name)} AS {value_name(name)}")
            elif all(source in at_hand for source in column.sources if source in self.fields):
                raws += [rules.raw] if rules.raw is not None else []
                values.append(rules.value)
        return f"SELECT {', '.join(['*', *values])} FROM (SELECT {', '.join(['*', *raws])} FROM {relation})"

    def _table(self) -> pa.Table:
        return pa.Table.from_batches([*self._arranged(slice(0, self.rows))], self._batch(slice(0, 0)).schema)

    def _batch(self, part: Part) -> pa.RecordBatch:
        """Some rows of everything that is at hand."""
        rows = np.arange(part.start, part.stop, dtype=np.int32) if isinstance(part, slice) else part
        found = {
            "_row": pa.array(rows),
            "_line": pa.array(self.columns.lines[part]),
            "_moved": pa.array(self.moved[part].view(np.uint8)),
        }
        if self.days is not None:
            found["_day"] = pa.array(self.days[part])
        for name, values in self.columns.numbers.items():
            found[name] = arrow(self.fields[name].kind, values[part])
        for name, texts in self.columns.texts.items():
            found[name] = pa.array(texts.codes[part]) if isinstance(texts, CodedTexts) else texts.arrow(part)
        for name, words in self.lists.items():
            found[f"stored {name}"] = words.arrow(part)
        for name, keyed in self.keyed.items():
            some = (
                keyed.slice(part.start, part.stop - part.start)
                if isinstance(part, slice)
                else keyed.take(pa.array(part))
            )
            found[f"stored {name}"] = some.combine_chunks()
        return pa.RecordBatch.from_pydict(found)


def _sorted(rows: Part, key: NDArray | None) -> Part:
    """The rows in the order of `key`, equal ones as they were."""
    assert key is not None
    values = key[rows]
    if bool((values[1:] >= values[:-1]).all()):
        return rows
    order = np.argsort(values, kind="stable").astype(np.int32)
    return order if isinstance(rows, slice) else rows[order]
