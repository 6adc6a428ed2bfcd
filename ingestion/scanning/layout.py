"""Numbers that the compiled scanner and its callers share: what a field is to become, and how a row says that it is none."""

from __future__ import annotations

import numpy as np

# What a field becomes. TEXT keeps its bytes, whatever they are; every other kind takes the usual spellings only.
SKIP, TEXT, REAL, INTEGER, BOOLEAN, INSTANT, DATE = range(7)

# A field's entries in the table of columns (columns_kernel).
KIND, ZONE, LIMIT, COLUMN, STEP, STARTS, FIRST, ROWS, GIVEN = range(9)
ENTRIES = 9

# A column of texts' entries in the table of texts (taking_kernel).
(
    FIELD, CODING, CODES, VIEWS, HEAP, HEAP_USED, HEAP_NUMBER, SLOTS, WORDS, WORD_HEAP, KNOWN, USED, CODED, SPANS, HASHES, BASE,
) = range(16)  # fmt: skip
TEXT_ENTRIES = 16

# A column's entries in the table of texts that were left in the file (fetching_kernel).
(
    LEFT_BEFORE, LEFT_CODES, LEFT_WORDS, LEFT_WORD_HEAP, LEFT_SPANS, LEFT_VIEWS, LEFT_HEAP, LEFT_NUMBER, LEFT_USED,
) = range(9)  # fmt: skip
LEFT_ENTRIES = 9

NO_INTEGER = np.iinfo(np.int64).min  # a missing integer, instant (microseconds since 1970 UTC), date (days since 1970)
NO_SHORT = np.int8(-128)  # a missing integer where values are few
NO_REAL = np.nan  # a missing number: no spelling that the scanner takes reads as NaN

OFFSET_NEEDED = NO_INTEGER  # zone of an INSTANT whose text must carry its offset; otherwise microseconds ahead of UTC

# How a scan of a block ends.
DONE, AMBIGUOUS = range(2)

SHARE = 256  # rows scanned together: with their texts and columns less than what a core has at hand
INLINE = 12  # bytes of a text that a string view holds itself
SPARE = 128  # readable bytes that must follow the text: it is looked at in words, and in blocks of 64 bytes
LONGEST_LINE = (1 << 16) - 1  # bytes of a line that is taken: where a text is within it is told by 16 bits
LINE_LIMIT = 4 * 1024 * 1024  # bytes of a line, as for every reader (ingestion/adapters/reading.py)
