"""From the kernel's matrices to Arrow: the columns a JT/T 808 capture gives, and the refused rows' reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ingestion.jtt808 import layout as L

INSTANT = pa.timestamp("us", tz="UTC")
LOAD_STATES = pa.array(["empty", "half", "full"], pa.string())
_LOAD_INDEX = np.array([0, 1, -1, 2], dtype=np.int8)  # status bits 8-9; binary 10 is reserved: no load state

SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("terminal_id", pa.dictionary(pa.int32(), pa.string())),
        ("reported_at", INSTANT),
        ("received_at", INSTANT),
        ("longitude", pa.float64()),
        ("latitude", pa.float64()),
        ("altitude_m", pa.float64()),
        ("speed_kmh", pa.float64()),
        ("heading_deg", pa.float64()),
        ("load_state", pa.dictionary(pa.int8(), pa.string())),
        ("acc_on", pa.bool_()),
        ("is_positioned", pa.bool_()),
        ("is_blind_report", pa.bool_()),
        ("alarm_bits", pa.int64()),
        ("status_bits", pa.int64()),
        ("mileage_km", pa.float64()),
        ("fuel_l", pa.float64()),
        ("serial", pa.int64()),
        ("refused_rule", pa.string()),
        ("refused_field", pa.string()),
        ("refused_reason", pa.string()),
        ("raw", pa.string()),
    ]
)


@dataclass(frozen=True)
class Columns:
    """What the kernel filled: `rows` rows of two matrices, the terminals they point to, and the text they came from."""

    integers: np.ndarray  # int64[INTEGER_COLUMNS, >= rows]
    reals: np.ndarray  # float64[REAL_COLUMNS, >= rows]
    rows: int
    terminals: pa.StringArray
    text: memoryview | bytes

    def parts_of_messages(self) -> list[tuple[int, int, bytes]]:
        """(line, received us, text of the line) of every row that is only a part of a sub-packaged message."""
        integers = self.integers
        return [
            (int(integers[L.LINE, row]), int(integers[L.RECEIVED, row]), self._line(row))
            for row in np.flatnonzero(integers[L.REFUSAL, : self.rows] == L.SUBPACKAGE).tolist()
        ]

    def without_parts(self) -> Columns:
        """The same without the rows that `parts_of_messages` gives."""
        keep = np.flatnonzero(self.integers[L.REFUSAL, : self.rows] != L.SUBPACKAGE)
        return Columns(self.integers[:, keep], self.reals[:, keep], len(keep), self.terminals, self.text)

    def batch(self) -> pa.RecordBatch:
        """The rows as Arrow, copied out of the matrices.

        A refused row keeps line, reception, and what its header and time gave, nothing else.
        """
        rows, integers, reals = self.rows, self.integers, self.reals
        refusal = integers[L.REFUSAL, :rows]
        refused = refusal != L.ACCEPTED
        mask = refused if refused.any() else None
        status = integers[L.STATUS, :rows]
        load = _LOAD_INDEX[status >> 8 & 3]
        optional = [
            _copied(reals[column, :rows], _either(np.isnan(reals[column, :rows]), mask))
            for column in (L.MILEAGE, L.FUEL)
        ]
        columns = [
            _copied(integers[L.LINE, :rows], None),
            _dictionary(integers[L.TERMINAL, :rows].astype(np.int32), self.terminals),
            _instants(integers[L.REPORTED, :rows]),
            _instants(integers[L.RECEIVED, :rows]),
            *(
                _copied(reals[column, :rows], mask)
                for column in (L.LONGITUDE, L.LATITUDE, L.ALTITUDE, L.SPEED, L.HEADING)
            ),
            _dictionary(np.where(refused, np.int8(-1), load), LOAD_STATES),
            pa.array(status & 1 != 0, mask=mask),
            pa.array(status & 2 != 0, mask=mask),
            pa.array(integers[L.BLIND, :rows] != 0, mask=mask),
            _copied(integers[L.ALARM, :rows], mask),
            _copied(status, mask),
            *optional,
            _copied(integers[L.SERIAL, :rows], integers[L.SERIAL, :rows] < 0),
            *self._refusals(refusal, refused),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)

    def _refusals(self, refusal: np.ndarray, refused: np.ndarray) -> list[pa.Array]:
        """refused_rule, refused_field, refused_reason and raw, NULL for good rows."""
        where = np.flatnonzero(refused)
        if len(where) == 0:
            return [pa.nulls(self.rows, pa.string())] * 4
        found = [L.REFUSALS[int(number)] for number in refusal[where]]
        index = np.full(self.rows, -1, dtype=np.int64)
        index[where] = np.arange(len(where))
        position = pa.array(index, mask=~refused)
        texts = (
            [one.rule for one in found],
            [one.field for one in found],
            [one.reason for one in found],
            [_readable(self._line(row)) for row in where.tolist()],
        )
        return [pa.array(values, pa.string()).take(position) for values in texts]

    def _line(self, row: int) -> bytes:
        begin, end = int(self.integers[L.BEGIN, row]), int(self.integers[L.END, row])
        return bytes(self.text[begin : min(end, begin + L.RAW_LIMIT)])


def _readable(line: bytes) -> str:
    """The line as text; bytes that are none, and NULs that databases stumble on, as escapes."""
    return line.decode("utf-8", "backslashreplace").replace("\0", "\\x00").rstrip("\r\n")


def _either(first: np.ndarray, second: np.ndarray | None) -> np.ndarray:
    return first if second is None else first | second


def _instants(microseconds: np.ndarray) -> pa.Array:
    return _copied(microseconds, microseconds == L.NULL_INSTANT).cast(INSTANT)


def _dictionary(index: np.ndarray, values: pa.Array) -> pa.DictionaryArray:
    """Index -1 means NULL."""
    return pa.DictionaryArray.from_arrays(_copied(index, index < 0), values)


def _copied(values: np.ndarray, missing: np.ndarray | None) -> pa.Array:
    """Arrow array over a copy of `values`: Arrow would otherwise look into memory that is about to be overwritten."""
    return pa.array(values.copy(), mask=missing if missing is not None and missing.any() else None)
