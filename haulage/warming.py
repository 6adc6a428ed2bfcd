"""The compiled code loaded before it is needed: what takes seconds once is not part of any date."""

from __future__ import annotations

from datetime import date

import numpy as np

from haulage.day import process_fixes
from haulage.fixes import COLUMNS, arrange
from haulage.parameters import Parameters
from haulage.permits import Permits
from haulage.sites import Sites
from haulage.states import States


def warm() -> None:
    """Compiles everything, or loads it from the cache on disk, by an hour of one truck that loads."""
    columns = {name: np.zeros(120, dtype=kind) for name, kind in COLUMNS.items()}
    columns["t"] += np.arange(120) * 30_000_000
    columns["flags"] += 1 | 4 | 16
    columns["load"][30:] = 2
    fixes = arrange(["truck"], columns, np.empty(0, np.int64), np.empty(0))
    process_fixes(fixes, date(1970, 1, 1), States(), {}, Sites(), Permits(), Parameters.from_contract())
