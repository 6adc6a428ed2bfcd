"""The kernel's output columns by number, and what each refusal number means.

The compiled kernel knows numbers only; everything people read is looked up here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

# Rows of the integer matrix (int64[INTEGER_COLUMNS, capacity]).
LINE: Final = 0
RECEIVED: Final = 1  # microseconds since 1970 UTC, or NULL_INSTANT
TERMINAL: Final = 2  # index into the terminals of the batch, or -1
REPORTED: Final = 3  # microseconds since 1970 UTC, or NULL_INSTANT
ALARM: Final = 4
STATUS: Final = 5
SERIAL: Final = 6
BLIND: Final = 7
REFUSAL: Final = 8  # number of the refusal, 0 for a good row
BEGIN: Final = 9  # byte range of the line in the decoded text
END: Final = 10
INTEGER_COLUMNS: Final = 11

# Rows of the real matrix (float64[REAL_COLUMNS, capacity]); NaN is NULL.
LONGITUDE: Final = 0
LATITUDE: Final = 1
ALTITUDE: Final = 2
SPEED: Final = 3
HEADING: Final = 4
MILEAGE: Final = 5
FUEL: Final = 6
REAL_COLUMNS: Final = 7

RAW_LIMIT: Final = 65_536  # bytes of a refused line kept beside its reason; landing keeps them all

NULL_INSTANT: Final = -(2**63)
NO_TERMINAL: Final = -1

ACCEPTED: Final = 0
RECEIVED_AT_INVALID: Final = 1
FRAME_MISSING: Final = 2
BAD_HEX: Final = 3
TRUNCATED_FRAME: Final = 4
BAD_ESCAPE: Final = 5
BAD_CHECKSUM: Final = 6
BODY_LENGTH: Final = 7
UNSUPPORTED_MESSAGE: Final = 8
ENCRYPTED_BODY: Final = 9
ITEM_LENGTH: Final = 10
ITEMS_MISSING: Final = 11
ITEMS_LEFT_OVER: Final = 12
LATITUDE_IMPOSSIBLE: Final = 13
LONGITUDE_IMPOSSIBLE: Final = 14
TIME_INVALID: Final = 15
FRAME_TOO_LONG: Final = 16
SUBPACKAGE_MISSING: Final = 17
SUBPACKAGE_REPEATED: Final = 18
SUBPACKAGE_NUMBER: Final = 19
LINE_TOO_LONG: Final = 20
BATCH_EMPTY: Final = 21
SUBPACKAGE: Final = 99  # not a refusal: a part that waits for the others, taken out before anyone sees it


class Refusal(NamedTuple):
    """Why a row was refused: rule code, field it was found in, and the sentence people read."""

    rule: str
    field: str
    reason: str


REFUSALS: Final[dict[int, Refusal]] = {
    RECEIVED_AT_INVALID: Refusal(
        "not_a_timestamp", "received_at", "The line does not begin with an ISO 8601 time with offset"
    ),
    FRAME_MISSING: Refusal("required_missing", "frame", "The line has a time of reception but no frame"),
    BAD_HEX: Refusal("bad_hex", "frame", "The frame is not an even number of hexadecimal digits"),
    TRUNCATED_FRAME: Refusal("truncated_frame", "frame", "The frame lacks its opening or closing 7E, or its header"),
    BAD_ESCAPE: Refusal("bad_escape", "frame", "A 7D is not followed by 01 or 02, or a 7E stands unescaped inside"),
    BAD_CHECKSUM: Refusal("bad_checksum", "frame", "The XOR of header and body differs from the checksum sent"),
    BODY_LENGTH: Refusal("bad_length", "frame", "The body is not as long as the header says"),
    UNSUPPORTED_MESSAGE: Refusal("unsupported_message", "message_id", "Only 0x0200 and 0x0704 carry positions"),
    ENCRYPTED_BODY: Refusal("encrypted_body", "frame", "The body is encrypted (property bits 10-12)"),
    ITEM_LENGTH: Refusal("bad_length", "position", "The position report is shorter than its 28 fixed bytes"),
    ITEMS_MISSING: Refusal("bad_length", "items", "The batch ends before the number of items it announces"),
    ITEMS_LEFT_OVER: Refusal("bad_length", "items", "The batch goes on after the number of items it announces"),
    LATITUDE_IMPOSSIBLE: Refusal("position_impossible", "latitude", "The latitude is beyond 90 degrees"),
    LONGITUDE_IMPOSSIBLE: Refusal("position_impossible", "longitude", "The longitude is beyond 180 degrees"),
    TIME_INVALID: Refusal("time_invalid", "reported_at", "The time of the report is not a calendar time"),
    FRAME_TOO_LONG: Refusal("bad_length", "frame", "The frame is longer than any JT/T 808 message can be"),
    SUBPACKAGE_MISSING: Refusal("missing_subpackage", "frame", "Other parts of this sub-packaged message never came"),
    SUBPACKAGE_REPEATED: Refusal("duplicate_subpackage", "frame", "This part of a sub-packaged message came before"),
    SUBPACKAGE_NUMBER: Refusal("bad_subpackage", "frame", "The part number is 0 or beyond the number of parts"),
    LINE_TOO_LONG: Refusal("line_too_long", "line", "The line is longer than 64 KiB; only its beginning is kept here"),
    BATCH_EMPTY: Refusal("bad_length", "items", "The batch announces no items"),
}
