"""The synthetic residents of the district: nobody real, and the same people every day but for small changes.

Identity numbers have the form and check digit of GB 11643-1999, but begin with 99, which is no region; names are the
word for sample and a number; phone numbers begin with 100, which is no mobile prefix.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sample_district.cameras import largest_remainder
from sample_district.scale import Scale
from sample_district.seeding import random_stream
from sample_district.terrain import Ints, Terrain

BLOCK = 50_000
HOUSEHOLD_TYPES = ("registered", "migrant", "overseas")
STATUSES = ("active", "moved_out", "deceased", "expired")
_EPOCH = np.datetime64("2026-01-01")
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECK_DIGITS = np.frombuffer(b"10X98765432", dtype=np.uint8)


@dataclass(frozen=True)
class Residents:
    """One entry per person of a block who is in the register on the day."""

    number: Ints  # of the person in the whole register
    id_digits: NDArray[np.uint8]  # shape (n, 18): ASCII
    sex: Ints  # 0 female, 1 male
    birth_date: NDArray[np.datetime64]
    household: Ints
    area: Ints
    community: Ints
    registered_on: NDArray[np.datetime64]
    valid_until: NDArray[np.datetime64]
    status: Ints

    @property
    def count(self) -> int:
        return int(self.number.size)


def block_sizes(scale: Scale) -> list[int]:
    """People of each block, the unit in which the register is drawn and written."""
    # A few per cent more than live here on a day: some leave and some come during the years the register covers.
    people = round(scale.residents * 1.012)
    return [min(BLOCK, people - start) for start in range(0, people, BLOCK)]


def residents_on(seed: int, scale: Scale, terrain: Terrain, block: int, size: int, day: date) -> Residents:
    """The people of one block as the register of the day has them. `block` counts from 0."""
    rng = random_stream(seed, scale.name, "residents", block)
    shares = np.array([township.population_share for township in terrain.townships])
    area = rng.permutation(np.repeat(np.arange(shares.size), largest_remainder(shares, size)))
    # Newcomers live where the work is, the registered everywhere.
    rural = np.array([township.population_share / township.area_km2 for township in terrain.townships])
    migrant_share = np.clip(0.42 + 0.30 * (rural / rural.max()) ** 0.4, 0.3, 0.72)[area]
    draw = rng.random(size)
    household = np.where(draw < 0.009, 2, np.where(draw < 0.009 + migrant_share, 1, 0))
    sex = (rng.random(size) < np.where(household == 1, 0.545, 0.495)).astype(np.int64)
    age_days = np.where(
        household == 0,
        rng.beta(1.6, 1.5, size) * 94 * 365.25,
        np.clip(rng.normal(35, 13.5, size), 0.1, 82) * 365.25,
    ).astype(np.int64)
    birth = _EPOCH - age_days.astype("timedelta64[D]")
    registered = np.maximum(_EPOCH - (rng.gamma(1.4, 1_300, size)).astype(np.int64).astype("timedelta64[D]"), birth)
    comes = np.where(rng.random(size) < 0.01, rng.integers(0, 730, size), -1)  # days after the epoch
    leaves = np.where(rng.random(size) < 0.022, rng.integers(0, 730, size), 100_000)
    comes = np.where(comes >= leaves, -1, comes)
    registered = np.where(comes >= 0, _EPOCH + comes.astype("timedelta64[D]"), registered)
    status_after = rng.choice(4, size, p=(0.0, 0.72, 0.13, 0.15))
    renewal_phase, is_renewing = rng.integers(0, 365, size), rng.random(size) < 0.93
    community = rng.integers(1, 25, size)
    today = (np.datetime64(day) - _EPOCH).astype(np.int64)
    in_register = comes <= today
    kept = np.flatnonzero(in_register & (leaves > today - 60))  # who left stays listed for two months
    valid, lapsed = _permit(day, renewal_phase, is_renewing, household)
    status = np.where(leaves <= today, status_after, np.where(lapsed, 3, 0))
    return Residents(
        number=(block * BLOCK + np.arange(size))[kept],
        id_digits=_identity_numbers(block, birth, sex)[kept],
        sex=sex[kept],
        birth_date=birth[kept],
        household=household[kept],
        area=area[kept],
        community=community[kept],
        registered_on=registered[kept],
        valid_until=valid[kept],
        status=status[kept],
    )


def _permit(
    day: date, phase: Ints, is_renewing: NDArray[np.bool_], household: Ints
) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """When each residence permit ends, and whose has lapsed. Permits run a year; the registered need none.

    Most people renew on the day the old one ends; some do not, and their registration stays expired.
    """
    today = np.datetime64(day)
    passed = (today - _EPOCH).astype(np.int64)
    last_end = _EPOCH + (passed - (passed - phase) % 365).astype("timedelta64[D]")
    never_renewed = _EPOCH + phase.astype("timedelta64[D]")
    valid = np.where(is_renewing, last_end + np.timedelta64(365, "D"), never_renewed)
    lapsed = ~is_renewing & (never_renewed < today) & (household > 0)
    return np.where(household == 0, np.datetime64("NaT"), valid), lapsed


def _identity_numbers(block: int, birth: NDArray[np.datetime64], sex: Ints) -> NDArray[np.uint8]:
    """ASCII digits: 99 and the block, birth date, order within that date (odd for men), check digit."""
    size = birth.size
    days = birth.astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((sex, days))
    key = days[order] * 2 + sex[order]
    first = np.searchsorted(key, key)
    nth = np.empty(size, dtype=np.int64)
    nth[order] = np.arange(size) - first
    year = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    month = birth.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day_of_month = (birth - birth.astype("datetime64[M]")).astype(np.int64) + 1
    head = (990_000 + block) * 10**11 + (year * 10_000 + month * 100 + day_of_month) * 1_000 + 2 * nth + sex
    digits = np.empty((size, 18), dtype=np.uint8)
    rest = head.copy()
    for place in range(16, -1, -1):
        rest, digits[:, place] = rest // 10, rest % 10
    digits[:, 17] = 0
    check = (digits[:, :17].astype(np.int64) * _WEIGHTS).sum(1) % 11
    digits[:, :17] += 48
    digits[:, 17] = _CHECK_DIGITS[check]
    return digits
