"""How big the synthetic district is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes of one district. Counts are of an average day; `fix_interval_s` is in seconds.

    A part is one file of a feed on one day, and also the unit of memory: everything of one part is held at once and
    nothing of two parts is, so peak memory follows the largest part and not the day.
    """

    name: str
    cameras: int
    detections: int
    repeats: float  # how often edge devices repeat a message: multiplies the mean detections of an incident
    trucks: int
    fix_interval_s: int
    residents: int
    native_parts: int
    deepstream_parts: int
    jtt808_parts: int
    csv_gps_parts: int
    population_parts: int
    status_format: str  # csv or parquet
    population_book: str  # one township sends a workbook (xlsx) or a Parquet file
    gzip_every: int  # every n-th native detection part is gzipped
    cases: int  # filed a day


SCALES = {
    scale.name: scale
    for scale in (
        Scale("tiny", 70, 700, 0.7, 12, 30, 3_000, 2, 1, 2, 1, 1, "csv", "xlsx", 2, 40),
        Scale("small", 240, 3_000, 0.7, 40, 30, 20_000, 2, 1, 2, 1, 1, "csv", "xlsx", 1, 240),
        Scale("district", 48_000, 5_300_000, 2.0, 3_000, 8, 1_900_000, 18, 4, 10, 2, 4, "parquet", "parquet", 6, 2_000),
    )
}
