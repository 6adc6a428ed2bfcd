"""The measured pieces of work, one module each; `ALL` in the order of the table."""

from benchmarks.arena import Work
from benchmarks.works import (
    cases,
    district_day,
    events,
    history,
    jtt808,
    population,
    portal,
    positions,
    stops,
    townships,
    truck_history,
    trucks,
)

ALL: dict[str, Work] = {
    work.name: work
    for work in (
        events.WORK,
        positions.WORK,
        jtt808.WORK,
        population.WORK,
        townships.WORK,
        trucks.WORK,
        truck_history.WORK,
        stops.WORK,
        history.WORK,
        cases.WORK,
        portal.WORK,
        district_day.WORK,
    )
}
