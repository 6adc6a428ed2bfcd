"""Where things stand in the arrays that Python and the compiled code share.

Instants are microseconds since the epoch as float64, exact until the year 2255; NaN is "none". A vehicle's state at the
end of a business date is one vector of `STATE` numbers; the next date continues from it as if the date had not ended.
"""

from __future__ import annotations

from typing import Final

# What a bronze row turned out to be: the first rule that holds, in the order in which they are asked. Sums to the rows.
KEPT, NO_FIX, ENCRYPTED, OUT_OF_REGION, REPEATED, CLOCK_SKEW, JUMP, STUCK, WRONG_DATUM = range(9)
RULES: Final = (
    "kept",
    "no_fix",
    "encrypted",
    "out_of_region",
    "repeated",
    "clock_skew",
    "jump",
    "stuck",
    "wrong_datum",
)

# Bits of a row's flags.
POSITIONED, IS_ENCRYPTED, RUNNING, ALARM, IN_REGION, SKEWED = 1, 2, 4, 8, 16, 32
# Load by the sensor; a terminal without one says nothing or always "empty".
LOAD_UNKNOWN, LOAD_EMPTY, LOAD_HALF, LOAD_FULL = -1, 0, 1, 2

# Kinds of sites, as in the register.
NO_KIND, CONSTRUCTION, RECEIVING, TRANSFER, BACKFILL = range(5)
KINDS: Final = (None, "construction", "receiving", "transfer", "backfill")

# The state of a vehicle.
(
    KEPT_T,
    KEPT_LON,
    KEPT_LAT,
    KEPT_MILEAGE,
    REPORT_T,
    RUN_T,
    ALARM_T,
    STOP_N,
    STOP_T,
    STOP_LON,
    STOP_LAT,
    STOP_EAST,
    STOP_NORTH,
    STOP_LAST_T,
    STOP_FOUND,
    FOUND_LON,
    FOUND_LAT,
    LEFT_LON,
    LEFT_LAT,
    LEFT_T,
    LOAD,
    TURN,
    TURN_T,
    SENSOR_T,
    LEG,
    LEG_SOURCE,
    LEG_T,
    LEG_LON,
    LEG_LAT,
    LEG_LON2,
    LEG_LAT2,
    END_T,
    END_LON,
    END_LAT,
    END_LON2,
    END_LAT2,
    LOST_T,
) = range(37)
STATE: Final = 37
# LOST_T: when the leg began that was given up for lost at the end of a date, while the silence it ended in goes on.
# LEG: none; begun but not yet sure, so not yet told; sure.
NO_LEG, PROVISIONAL, SURE = range(3)
BY_SENSOR, BY_SITES = 1, 2
SOURCES: Final = (None, "sensor", "sites")
# LOAD and TURN (the change that is not yet sure): nothing known, empty, full.
NOTHING, IS_EMPTY, IS_FULL = range(3)

# A stop.
(S_VEHICLE, S_T, S_END, S_LON, S_LAT, S_N, S_OPEN, S_FOUND_LON, S_FOUND_LAT) = range(9)
STOP: Final = 9

# A leg. Rows are places in the sorted arrays of the date; CARRIED stands for "before this date".
(
    L_VEHICLE,
    L_CARRIED,
    L_ROW,
    L_T,
    L_LON,
    L_LAT,
    L_LON2,
    L_LAT2,
    L_SOURCE,
    L_LAST_ROW,
    L_END,
    L_END_LON,
    L_END_LAT,
    L_END_LON2,
    L_END_LAT2,
    L_KIND,
    L_TURN_ROW,
) = range(17)
LEG_COLUMNS: Final = 17
CARRIED, CARRIED_TURN, NO_ROW = -1, -2, -3
UNLOADED, OPEN, LOST, UNSURE = range(4)
END_KINDS: Final = ("unloaded", "open", "lost", "unsure")

# A gap in reports.
(G_VEHICLE, G_T, G_END, G_LOADED, G_ALARM, G_LON, G_LAT, G_OPEN, G_LOST_T) = range(9)
GAP: Final = 9

# What is measured along a leg.
(
    M_T,
    M_LON,
    M_LAT,
    M_SPEED,
    M_RUNNING,
    M_OUTSIDE,
    M_REPORT_T,
    M_RUN_T,
    M_METRES,
    M_FIXES,
    M_OBSERVED,
    M_EXPECTED,
    M_ROUTE_METRES,
    M_OFF_METRES,
    M_STRETCH,
    M_LONGEST,
    M_OVERSPEED,
    M_TOP,
    M_OUTSIDE_HOURS,
    M_GAP,
    M_GAP_T,
    M_GAP_END,
    M_GAP_ALARM,
    M_GAP_LON,
    M_GAP_LAT,
    M_GAP_WAITS,
    M_GAP_METRES,
    M_DRIFT,
    M_LINE_FIRST,
    M_LINE_LAST,
) = range(30)
MEASURES: Final = 30

# Numbers of Parameters as the kernels take them.
(
    P_MAX_SPEED,
    P_STOP_RADIUS,
    P_STOP_MIN,
    P_CORRIDOR,
    P_OVERSPEED,
    P_DARK_GAP,
    P_TRIP_END,
    P_INTERVAL,
    P_MAX_GAP,
    P_LOAD_SURE,
    P_LEAVE,
    P_SENSOR_MEMORY,
    P_ALARM_NEAR,
    P_JUMP_SLACK,
    P_STUCK_SPEED,
    P_STUCK_MILEAGE,
) = range(16)
