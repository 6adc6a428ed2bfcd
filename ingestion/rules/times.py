"""SQL that reads instants and dates. Instants end as naive UTC timestamps, whatever the source wrote."""

from __future__ import annotations

from ingestion.columns import Column
from ingestion.rules.texts import Given, is_text
from lake.engine import sql_text

# Asia/Shanghai has been UTC+8 without summer time since 1992, and plain arithmetic is many times faster than ICU.
FIXED_OFFSET_HOURS = {"UTC": 0, "Etc/UTC": 0, "Asia/Shanghai": 8, "PRC": 8}
_LONGEST_EPOCH_S = 1e11  # beyond any year a timestamp can hold without overflow
# DuckDB reads words (`epoch`) as times, ignores what follows a date, and ignores an offset, or UTC, that a TIMESTAMP does
# not keep: what it is given must look like a date or a local time throughout.
_DATE = r"\d{4}(-\d{1,2}-|/\d{1,2}/)\d{1,2}"
_TIME = r"[T ]+\d{1,2}:\d{1,2}(:\d{1,2}(\.\d*)?)?"
_OFFSET = r"( ?Z| UTC| ?[+-]\d\d(:?\d\d)?)?"


def instant(column: Column, given: Given, *, naive_is_utc: bool) -> str:
    """SQL of a UTC TIMESTAMP, NULL where the file does not give an instant under the column's zone.

    Zones: `offset` (the text must carry one), `epoch_s`, or an IANA zone for text without an offset (an offset in
    the text wins). A Parquet timestamp without zone under `offset` says nothing about its zone and is refused;
    decoders, which know their protocol, yield UTC (`naive_is_utc`).

    The usual spellings are recognised by length and ending alone: to look for an offset in every text would cost
    more than all other checks of a row.
    """
    zone, text, quick = column.zone or "offset", given.text, given.quick
    if given.type == "TIMESTAMP WITH TIME ZONE":
        return _utc_of_zoned(text)
    if not is_text(given.type):
        naive = f"CAST({text} AS TIMESTAMP)"
        if naive_is_utc:
            return naive
        return "NULL::TIMESTAMP" if zone in ("offset", "epoch_s") else _from_zone(naive, zone)
    if zone == "epoch_s":
        seconds = f"TRY_CAST({quick} AS DOUBLE)"
        return f"CASE WHEN abs({seconds}) < {_LONGEST_EPOCH_S:g} THEN make_timestamp(({seconds} * 1e6)::BIGINT) END"
    usual = f"strlen({quick}) > 18 AND (ends_with({quick}, '+08:00') OR ends_with({quick}, 'Z'))"
    zoned = f"CASE WHEN {_carries_offset(text)} THEN {_zoned(text)} END"
    quickly = f"CASE WHEN {usual} THEN {_utc_of_zoned(f'TRY_CAST({quick} AS TIMESTAMPTZ)')} END"
    if zone == "offset":
        return f"coalesce({quickly}, {zoned})"
    # 19 characters that read as a timestamp are date and time to the second, and leave no room for an offset.
    seconds = f"CASE WHEN strlen({quick}) = 19 AND ({quick})[17] = ':' THEN TRY_CAST({quick} AS TIMESTAMP) END"
    compact = (
        rf"CASE WHEN regexp_full_match({text}, '\d{{14}}') THEN try_strptime({text}, '%Y%m%d%H%M%S') END"  # GA/T 1400
    )
    written = f"CASE WHEN regexp_full_match({text}, '{_DATE}({_TIME})?') THEN TRY_CAST({text} AS TIMESTAMP) END"
    local = _from_zone(f"coalesce({written}, {compact})", zone)
    slowly = f"CASE WHEN {_carries_offset(text)} THEN {_zoned(text)} ELSE {local} END"
    return f"coalesce({_from_zone(seconds, zone)}, {slowly})"


def calendar_date(given: Given) -> str:
    """SQL of a DATE: YYYY-MM-DD, YYYY/MM/DD, YYYYMMDD, or an instant that is exactly a midnight."""
    midnight = "CASE WHEN date_trunc('day', {0}) = {0} THEN CAST({0} AS DATE) END"
    raw = given.text
    if given.type == "DATE":
        return raw
    if not is_text(given.type):
        return midnight.format(f"CAST({raw} AS TIMESTAMP)")
    # 10 characters that a date is written back with are that date and nothing else.
    usual = f"CASE WHEN CAST(TRY_CAST({given.quick} AS DATE) AS VARCHAR) = {given.quick} THEN TRY_CAST({given.quick} AS DATE) END"
    short = rf"CASE WHEN regexp_full_match({raw}, '{_DATE}') THEN TRY_CAST({raw} AS DATE) END"
    compact = rf"CASE WHEN regexp_full_match({raw}, '\d{{8}}') THEN CAST(try_strptime({raw}, '%Y%m%d') AS DATE) END"
    long = f"CASE WHEN regexp_full_match({raw}, '{_DATE}{_TIME}{_OFFSET}') THEN TRY_CAST({raw} AS TIMESTAMP) END"
    return (
        f"coalesce(CASE WHEN strlen({given.quick}) = 10 THEN {usual} END, {short}, {compact}, {midnight.format(long)})"
    )


def _zoned(raw: str) -> str:
    # DuckDB wants seconds and an upper-case Z; ISO 8601 does not. The repair runs only where the plain cast failed.
    repaired = rf"regexp_replace(upper({raw}), '^(.{{10}}[T ]\d\d:\d\d)(Z|[+-].*)$', '\1:00\2')"
    utc = _utc_of_zoned(f"coalesce(TRY_CAST({raw} AS TIMESTAMPTZ), TRY_CAST({repaired} AS TIMESTAMPTZ))")
    # No place is further than 14 hours from UTC; DuckDB takes +99:00 and moves the instant by four days.
    return rf"CASE WHEN NOT regexp_matches({raw}, '[+-](1[5-9]|[2-9]\d)(:?\d\d)?$') THEN {utc} END"


def _utc_of_zoned(zoned: str) -> str:
    return f"make_timestamp(epoch_us({zoned}))"


def _carries_offset(raw: str) -> str:
    """Z, UTC, +hh:mm, +hhmm or +hh at the end of a text longer than a date with hours and minutes."""
    signs = " OR ".join(f"({raw})[-{place}] IN ('+', '-')" for place in (6, 5, 3))
    return f"(strlen({raw}) > 16 AND (({raw})[-1] IN ('Z', 'z') OR ends_with({raw}, ' UTC') OR {signs}))"


def _from_zone(naive: str, zone: str) -> str:
    hours = FIXED_OFFSET_HOURS.get(zone)
    if hours is None:
        return f"(({naive}) AT TIME ZONE {sql_text(zone)}) AT TIME ZONE 'UTC'"
    return f"({naive} - INTERVAL {hours} HOUR)" if hours else naive
