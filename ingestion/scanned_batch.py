"""A large file's rows as the compiled scanner has them in memory, offered to DuckDB as the same view as any batch.

What decides about a row is the contract's rules, as everywhere: words that come again and again are judged once, numbers
and times in one query. A row that does not surely pass is read again from its line as text, and judged by that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset
from numpy.typing import NDArray

from ingestion.adapters.reading import NeedsTextReading
from ingestion.adapters.scanned import ScannedReader
from ingestion.batch import DROPPED, MENDED, PICKED, SCANNED, TYPED, Batch
from ingestion.columns import Column
from ingestion.parquet_file import write_side_by_side
from ingestion.pseudonyms import pseudonymise
from ingestion.rules import CompiledRules
from ingestion.rules.compiler import DATUM, raw_name, value_name
from ingestion.scanned_bounds import within_bounds
from ingestion.scanned_keys import rows_alike
from ingestion.scanned_order import arrange
from ingestion.scanned_profile import scanned_profile
from ingestion.scanned_rows import finished_rows, length, parts, taken
from ingestion.scanning.columns import Part, ScannedColumns, arrow
from ingestion.scanning.plan import Field
from ingestion.scanning.texts import CodedTexts, PlainTexts
from ingestion.scanning.word_list import WordList, listed
from lake.engine import sql_name

_MANY = 100_000  # rows to be read again: from there all of the file is
_SHARE = 122_880  # rows that one of DuckDB's threads takes at a time
_MOST = 500_000  # rows of a file; of more two are made, side by side
_FILES = 2
_THREADS = 2  # that share what is picked out
EPOCH = date(1970, 1, 1)


@dataclass
class ScannedBatch(Batch):
    """`quick`: the rules over the scanned columns. `moved`: rows that were read again, and stand in MENDED instead."""

    columns: ScannedColumns = field(kw_only=True)
    fields: Mapping[str, Field] = field(kw_only=True)  # by their names
    quick: CompiledRules = field(kw_only=True)
    stored: Mapping[str, str] = field(kw_only=True)  # SQL of the stored columns over the layers of `quick`
    moved: NDArray[np.bool_] = field(kw_only=True)
    day: date | None = field(kw_only=True)  # the one business date of all rows that stay; None: see `days`
    # Business dates in days since 1970; None: all rows have the file's, or `day`.
    days: NDArray[np.int32] | None = field(kw_only=True)
    lists: dict[str, WordList] = field(default_factory=dict)
    keyed: dict[str, pa.ChunkedArray] = field(default_factory=dict)  # pseudonyms of identities that are no words
    # For rows of one key, as they lie.
    looking: Future[NDArray[np.int64] | None] | None = field(default=None, init=False)
    asking: Lock = field(default_factory=Lock, init=False)  # held by who asks the engine beside others
    _is_offered: bool = field(default=False, init=False)
    arranged: bool = field(default=False, init=False)  # whether the rows lie as they are stored

    def judge(self) -> None:
        """Find the rows that do not surely pass."""
        for column in self._coded():
            texts = self._codes(column)
            rules = self.quick.columns[column.name]
            good = self._of_words(column, texts, f"({rules.good}) IS TRUE").to_numpy(zero_copy_only=False)
            if not good.all():
                self.moved |= ~good[texts.codes]
        for name, left in self.columns.left().items():
            if self._column_of(name).required:
                self.moved |= left.empty()
        passed = {f.column for f in self.fields.values() if not f.is_kept} | {c.name for c in self._coded()}
        passed |= {self.fields[name].column for name in self.columns.left()} | within_bounds(self)
        checks = [rules.good for name, rules in self.quick.columns.items() if name not in passed]
        if not self.quick.together and not checks:
            return
        self.con.register(SCANNED, self._table())
        holds = " AND ".join([*self.quick.together, *checks])
        failing = self.con.execute(
            f"SELECT (_row | 0) AS row FROM ({self.layers(SCANNED)}) WHERE ({holds}) IS NOT TRUE"
        ).fetchnumpy()["row"]
        self.moved[np.asarray(failing, np.int64)] = True

    def mend(self) -> None:
        """Read the lines of the moved rows again. Raises NeedsTextReading when they are many."""
        con, reader = self.con, self.reader
        assert isinstance(reader, ScannedReader)
        rows = np.flatnonzero(self.moved)
        if len(rows) > _MANY:
            raise NeedsTextReading(f"{len(rows)} rows are not spelt as usual")
        assert self.columns.places is not None
        lines, places = self.columns.lines[rows].astype(np.int64), self.columns.places.of(rows)
        self.columns.places = None  # nobody else needs them but texts that are left in the file
        given = [texts for _, texts in reader.texts(zip(lines.tolist(), places.tolist(), strict=True))]
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
            for further, name in reversed(list(enumerate(self._stored_names(column)))):
                words = self._of_words(column, texts, f"CAST({self.stored[name]} AS VARCHAR)")
                self.lists[name] = listed(words, texts.codes.copy() if further else texts.codes)
        for column in self._coded():
            del self.columns.texts[column.sources[0]]
        self.offer()

    def pseudonymise(self, key: bytes) -> None:
        """Identities become keyed pseudonyms: words once each, others row by row. To be followed by `arrange`."""
        for column in self.contract.columns:
            treatment, stored = column.treatment, column.stored
            if treatment is None or treatment.kind != "hmac" or stored is None or stored.name not in self.stored:
                continue
            self._is_offered = False  # as it is from here on
            name, clear_words = stored.name, self.lists.get(stored.name)
            if clear_words is not None:
                words = pseudonymise(clear_words.values, key).combine_chunks()
                self.lists[name] = listed(pa.concat_arrays([words, pa.nulls(1, pa.string())]), clear_words.indexes)
            else:
                clear = f"SELECT {self.stored[name]} AS value FROM ({self.layers(SCANNED)})"
                self.keyed[name] = pseudonymise(self.con.execute(clear).to_arrow_table().column("value"), key)
                for source in column.sources:  # of which the file may have any
                    self.columns.texts.pop(source, None)
            self._pseudonymise_mended(name, key)

    def write_date(self, day: date, file_sha256: str, new_file: Callable[[], Path]) -> list[Path]:
        if not self.arranged:
            return super().write_date(day, file_sha256, new_file)
        wanted = ~self.moved if self.day in (None, day) else np.zeros(self.rows, np.bool_)
        if self.days is not None:
            wanted &= self.days == (day - EPOCH).days
        dropped = self.con.execute(f"SELECT _row FROM {DROPPED}").fetchnumpy()["_row"]
        wanted[np.asarray(dropped, np.int64)] = False
        found = np.flatnonzero(wanted).astype(np.int32)
        together = len(found) > 0 and found[-1] - found[0] + 1 == len(found)
        rows: Part = slice(int(found[0]), int(found[-1]) + 1) if together else found
        # The rows that were read again are a file of their own: few, and anywhere.
        mended = f"(SELECT {self._mended_columns(whole=True)} FROM {MENDED} WHERE _fault = 0)"
        order = ", ".join([*map(sql_name, self.contract.sort_order), "_line"])
        kept = (
            f"(SELECT * FROM {mended} ANTI JOIN {DROPPED} USING (_row) WHERE _date = DATE '{day.isoformat()}' "
            f"ORDER BY {order})"
        )
        reread = self.con.execute(self._stored_rows(kept, file_sha256)).to_arrow_table().to_batches()
        most = max(1, -(-length(rows) // (_FILES if length(rows) > _MOST else 1)))
        shares = [finished_rows(self, share, file_sha256) for share in parts(rows, most)]
        files = write_side_by_side([(new_file(), share) for share in (reread, *shares)])
        self.columns.check()
        return files

    def picked(self, rows: str, *, whole: bool = True) -> str:
        wanted = self.con.execute(f"SELECT _row FROM {rows} ORDER BY _row").fetchnumpy()["_row"].astype(np.int32)
        quick = wanted[~self.moved[wanted]]
        shares = [self.part(part, whole=whole) for part in parts(quick, max(1, -(-len(quick) // _THREADS)))]
        self.con.register(PICKED, pa.Table.from_batches(shares, self.part(quick[:0], whole=whole).schema))
        layers = self.layers(PICKED, whole=whole)
        return (
            f"(SELECT (_row | 0) AS _row, {self._stored_columns(whole=whole)} FROM ({layers}) UNION ALL "
            f"SELECT {self._mended_columns(whole=whole)} FROM {MENDED} SEMI JOIN {rows} USING (_row) WHERE _fault = 0)"
        )

    def column_profile(self, gate: Mapping[str, Any]) -> tuple[dict[str, float], dict[str, int]]:
        return scanned_profile(self, gate)

    def arrange(self) -> None:
        self.arranged = arrange(self)
        if not self._is_offered:
            self.offer()

    def withdraw(self) -> None:
        """Nobody is to hold the rows as they are now: they are about to be moved."""
        self.con.unregister(SCANNED)
        self._is_offered = False

    def alike(self) -> NDArray[np.int64] | None:
        rows = rows_alike(self)
        if rows is None:
            self.bring()
        return rows

    def final(self) -> str:
        self.bring()
        return super().final()

    def bring(self) -> None:
        """Have all texts in memory: before anybody asks for those of any row, or moves the rows."""
        if self.columns.bring() and self._is_offered:
            self.offer()

    def offer(self) -> None:
        """Make the view TYPED of everything as it is now."""
        self._is_offered = True
        self.con.register(SCANNED, self._table())
        # What DuckDB must not push down into Arrow, where it would copy whole columns, is an expression here.
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW {TYPED} AS SELECT (_row | 0) AS rowid, 0::SMALLINT AS _fault, "
            f"NULL::VARCHAR AS _source, {self._stored_columns()} FROM ({self.layers(SCANNED)}) WHERE (_moved & 1) = 0 "
            f"UNION ALL SELECT _row AS rowid, _fault, _source, {self._mended_columns(row=False)} FROM {MENDED}"
        )

    def _stored_columns(self, *, whole: bool = False) -> str:
        """Without `whole` those that are at hand: nothing of what is left in the file."""
        if self.days is not None:
            day = "DATE '1970-01-01' + _day"
        else:
            day = self.quick.date if self.day is None else f"DATE '{self.day.isoformat()}'"
        columns = [f"{day} AS _date", "_line"]
        for name, value in self._offered(whole=whole).items():
            made = name in self.lists or name in self.keyed
            columns.append(f"{sql_name(f'stored {name}') if made else value} AS {sql_name(name)}")
        return ", ".join([*columns, *self._same_columns()])

    def _mended_columns(self, *, row: bool = True, whole: bool = False) -> str:
        names = map(sql_name, self._offered(whole=whole))
        return ", ".join([*(["_row"] if row else []), "_date", "_line", *names, *self._same_columns()])

    def _offered(self, *, whole: bool) -> dict[str, str]:
        left = set() if whole else {value_name(self._column_of(name).name) for name in self.columns.left()}
        return {name: value for name, value in self.stored.items() if value not in left}

    def _column_of(self, field_name: str) -> Column:
        name = self.fields[field_name].column
        assert name is not None
        return self.contract.column(name)

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

    def layers(self, relation: str, *, whole: bool = False) -> str:
        """A relation of scanned columns with each one's raw and typed value; of words only whether there is one.

        `whole`: it has the columns that are left in the file, too.
        """
        coded = {column.name for column in self._coded()}
        at_hand = self.columns.texts.keys() | self.columns.numbers.keys()
        at_hand -= set() if whole else self.columns.left().keys()
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
        shares = [self.part(part) for part in parts(slice(0, self.rows), _SHARE)]
        return pa.Table.from_batches(shares, self.part(slice(0, 0)).schema)

    def values_of(self, name: str, part: Part) -> pa.Array:
        """Some rows of a field's numbers or times."""
        complete = name in self.columns.complete
        return arrow(self.fields[name].kind, self.columns.numbers[name][part], complete=complete)

    def part(self, part: Part, *, whole: bool = False) -> pa.RecordBatch:
        """Some rows of everything that is at hand; `whole`: and of what is left in the file, the rows in ascending order."""
        rows = np.arange(part.start, part.stop, dtype=np.int32) if isinstance(part, slice) else part
        found = {
            "_row": pa.array(rows),
            "_line": pa.array(self.columns.lines[part]),
            "_moved": pa.array(self.moved[part].view(np.uint8)),
        }
        if self.days is not None:
            found["_day"] = pa.array(self.days[part])
        for name in self.columns.numbers:
            found[name] = self.values_of(name, part)
        for name, texts in self.columns.texts.items():
            if isinstance(texts, CodedTexts):
                found[name] = pa.array(texts.codes[part])
            elif isinstance(texts, PlainTexts):
                found[name] = texts.arrow(part)
        for name, fetched in (self.columns.fetched(part) if whole else {}).items():
            found[name] = fetched.arrow(slice(0, len(rows)))
        for name, words in self.lists.items():
            found[f"stored {name}"] = words.arrow(part)
        for name, keyed in self.keyed.items():
            found[f"stored {name}"] = taken(keyed, part)
        return pa.RecordBatch.from_pydict(found)
