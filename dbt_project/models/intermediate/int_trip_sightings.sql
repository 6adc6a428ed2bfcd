{{ config(meta={'feeds': ['haulage', 'truck_gps', 'trucks', 'detection_events', 'cameras'], 'detail': true}) }}

-- Which loaded trip a camera saw uncovered or spilling. No plate is read: the trip is the one whose truck was in reach
-- of the camera nearest in time. Another trip there within a report interval of it makes the sighting ambiguous. The
-- trips of a sighting started on its date or on the day before, and are compared whichever date that was: a date's rows
-- depend on the dates on either side of it. No trip lasts a day, so none beyond these (trip_end_after_s).
with parameters as (
    select
        max(case when parameter = 'camera_match_m' then value end) as match_m,
        max(case when parameter = 'camera_match_s' then value end) as match_s,
        max(case when parameter = 'expected_interval_s' then value end) as interval_s,
        -- Cells as wide and as long as the reach, so that what is in reach lies in a cell or its neighbours: a degree
        -- of longitude is longer than 90 km everywhere south of 36 degrees north.
        max(case when parameter = 'camera_match_m' then value end) / 90000.0 as cell_degrees
    from {{ ref('stg_contract_parameters') }}
    where feed = 'truck_gps'
),

seen as (
    select
        i.business_date as seen_on,
        i.incident_id,
        i.camera_id,
        i.event_type,
        i.started_at as seen_at,
        case when e.longitude is not null and e.latitude is not null then e.longitude else c.longitude end as longitude,
        case when e.longitude is not null and e.latitude is not null then e.latitude else c.latitude end as latitude
    from {{ ref('int_incidents') }} as i
    left join {{ ref('stg_detection_events') }} as e
        on i.business_date = e.business_date
            and i.incident_id = e.event_id
            and e.event_type in ('truck_spillage', 'truck_uncovered')
            and {{ rebuilt_or_day_after('e.business_date') }}
    left join {{ ref('int_camera_days') }} as c
        on i.business_date = c.business_date
            and i.camera_id = c.camera_id
            and {{ rebuilt_or_day_after('c.business_date') }}
    where i.event_type in ('truck_spillage', 'truck_uncovered')
        and {{ rebuilt_or_day_after('i.business_date') }}
),

steps as (
    select -1 as step
    union all
    select 0 as step
    union all
    select 1 as step
),

reach as (
    select
        s.*,
        p.match_m,
        p.match_s,
        floor(s.longitude / p.cell_degrees) + east.step as cell_east,
        floor(s.latitude / p.cell_degrees) + north.step as cell_north,
        floor({{ seconds_between("timestamp '2000-01-01 00:00:00'", 's.seen_at') }} / p.match_s)
        + later.step as cell_time
    from seen as s
    cross join parameters as p
    cross join steps as east
    cross join steps as north
    cross join steps as later
    where s.longitude is not null
        and s.latitude is not null
),

fixes as (
    select
        g.business_date,
        g.truck_key,
        g.terminal_key,
        g.reported_at,
        g.longitude,
        g.latitude,
        floor(g.longitude / p.cell_degrees) as cell_east,
        floor(g.latitude / p.cell_degrees) as cell_north,
        floor({{ seconds_between("timestamp '2000-01-01 00:00:00'", 'g.reported_at') }} / p.match_s) as cell_time
    from {{ ref('stg_truck_gps') }} as g
    cross join parameters as p
    where coalesce(g.is_positioned, true)
        and {{ beside_or_rebuilt('g.business_date') }}
        -- Of the day before, what may have been in reach of a camera after midnight.
        and (
            {{ rebuilt_or_day_after('g.business_date') }}
            or {{ seconds_between('g.reported_at', utc_of_shanghai(add_days('g.business_date', '1'), '0')) }}
            <= p.match_s
        )
),

near as (
    select
        r.seen_on,
        r.incident_id,
        r.camera_id,
        r.event_type,
        r.seen_at,
        f.business_date,
        f.truck_key,
        f.terminal_key,
        f.reported_at,
        abs({{ seconds_between('r.seen_at', 'f.reported_at') }}) as apart_s,
        1000 * {{ haversine_km('r.longitude', 'r.latitude', 'f.longitude', 'f.latitude') }} as distance_m
    from reach as r
    inner join fixes as f
        on r.cell_east = f.cell_east
            and r.cell_north = f.cell_north
            and r.cell_time = f.cell_time
    where abs({{ seconds_between('r.seen_at', 'f.reported_at') }}) <= r.match_s
        and 1000 * {{ haversine_km('r.longitude', 'r.latitude', 'f.longitude', 'f.latitude') }} <= r.match_m
),

-- A fix lies in a trip that started on its own date or on the day before.
of_trips_since as (
    select *, business_date as trip_date from near
    where business_date <= seen_on
    union all
    select *, {{ add_days('business_date', '-1') }} as trip_date from near
    where business_date >= seen_on
),

terminals as (
    select
        d.business_date,
        t.terminal_key,
        min(t.truck_key) as truck_key
    from {{ ref('int_register_days') }} as d
    inner join {{ ref('stg_trucks') }} as t on d.snapshot_date = t.snapshot_date
    where d.feed = 'trucks'
        and t.terminal_key is not null
        and {{ beside_or_rebuilt('d.business_date') }}
        and {{ in_effect('t.snapshot_date', 'trucks', beside=true) }}
    group by d.business_date, t.terminal_key
),

keyed as (
    select
        n.*,
        coalesce(n.truck_key, k.truck_key, n.terminal_key) as vehicle_key
    from of_trips_since as n
    left join terminals as k on n.trip_date = k.business_date and n.terminal_key = k.terminal_key
),

candidates as (
    select
        t.business_date,
        t.trip_id,
        k.seen_on,
        k.incident_id,
        min(k.camera_id) as camera_id,
        min(k.event_type) as event_type,
        min(k.seen_at) as seen_at,
        min(k.apart_s) as apart_s,
        min(k.distance_m) as distance_m
    from keyed as k
    inner join {{ ref('stg_haulage_trips') }} as t
        on k.trip_date = t.business_date
            and k.vehicle_key = t.vehicle_key
            and k.reported_at >= t.started_at
            and k.reported_at <= t.ended_at
            and {{ beside_or_rebuilt('t.business_date') }}
    group by t.business_date, t.trip_id, k.seen_on, k.incident_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by seen_on, incident_id order by apart_s asc, distance_m asc, trip_id asc
        ) as place,
        lead(apart_s) over (
            partition by seen_on, incident_id order by apart_s asc, distance_m asc, trip_id asc
        ) as next_apart_s
    from candidates
)

select
    r.business_date,
    r.trip_id,
    r.incident_id,
    r.camera_id,
    r.event_type,
    r.seen_at,
    r.apart_s,
    r.distance_m,
    coalesce(r.next_apart_s > r.apart_s + p.interval_s, true) as is_alone
from ranked as r
cross join parameters as p
where r.place = 1
    and {{ rebuilt('r.business_date') }}
