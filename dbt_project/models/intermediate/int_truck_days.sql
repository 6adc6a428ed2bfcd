{{ config(meta={'feeds': ['truck_gps', 'trucks'], 'detail': true}) }}

with parameters as (
    select
        max(case when parameter = 'expected_interval_s' then value end) as expected_interval_s,
        max(case when parameter = 'max_gap_s' then value end) as max_gap_s,
        max(case when parameter = 'max_speed_kmh' then value end) as max_speed_kmh,
        max(case when parameter = 'region_min_longitude' then value end) as min_longitude,
        max(case when parameter = 'region_max_longitude' then value end) as max_longitude,
        max(case when parameter = 'region_min_latitude' then value end) as min_latitude,
        max(case when parameter = 'region_max_latitude' then value end) as max_latitude
    from {{ ref('stg_contract_parameters') }}
    where feed = 'truck_gps'
),

register as (
    select
        d.business_date,
        t.truck_key,
        t.terminal_key,
        (t.approved_on is null or t.approved_on <= d.business_date)
        and (t.valid_until is null or t.valid_until >= d.business_date) as is_approved
    from {{ ref('int_register_days') }} as d
    inner join {{ ref('stg_trucks') }} as t on d.snapshot_date = t.snapshot_date
    where d.feed = 'trucks'
        and {{ rebuilt('d.business_date') }}
        and {{ in_effect('t.snapshot_date', 'trucks') }}
),

terminals as (
    select
        business_date,
        terminal_key,
        min(truck_key) as truck_key
    from register
    where terminal_key is not null
    group by business_date, terminal_key
),

-- A position that is not one (no satellite fix, outside the region) becomes NULL: it proves nothing about its
-- neighbours and interrupts no kilometres, but it is a report that arrived.
fixes as (
    select
        g.business_date,
        coalesce(g.truck_key, t.truck_key, g.terminal_key) as vehicle_key,
        g.reported_at,
        coalesce(g.acc_on, g.speed_kmh > 0, false) as is_running,
        case
            when coalesce(g.is_positioned, true)
                and g.longitude between p.min_longitude and p.max_longitude
                and g.latitude between p.min_latitude and p.max_latitude
                then g.longitude
        end as longitude,
        g.latitude
    from {{ ref('stg_truck_gps') }} as g
    cross join parameters as p
    left join terminals as t on g.business_date = t.business_date and g.terminal_key = t.terminal_key
    where {{ rebuilt('g.business_date') }}
),

neighbours as (
    select
        *,
        lag(reported_at) over fix_order as previous_at,
        lag(longitude) over fix_order as previous_longitude,
        lag(latitude) over fix_order as previous_latitude,
        lag(is_running) over fix_order as was_running,
        lead(reported_at) over fix_order as next_at,
        lead(longitude) over fix_order as next_longitude,
        lead(latitude) over fix_order as next_latitude
    from fixes
    window fix_order as (partition by business_date, vehicle_key order by reported_at, longitude, latitude)
),

-- The positions beside reports without one, each with the nearest positions before and after it: the last before such
-- reports and the first after them follow each other here. They are few; a window over all reports that looks past what
-- is missing would pay for it at each of them.
interrupted as (
    select
        business_date,
        vehicle_key,
        reported_at,
        longitude,
        latitude,
        case
            when previous_longitude is null then lag(reported_at) over position_order
            else previous_at
        end as previous_at,
        coalesce(previous_longitude, lag(longitude) over position_order) as previous_longitude,
        case
            when previous_longitude is null then lag(latitude) over position_order
            else previous_latitude
        end as previous_latitude,
        case when next_longitude is null then lead(reported_at) over position_order else next_at end as next_at,
        coalesce(next_longitude, lead(longitude) over position_order) as next_longitude,
        case when next_longitude is null then lead(latitude) over position_order else next_latitude end as next_latitude
    from neighbours
    where longitude is not null
        and (previous_longitude is null or next_longitude is null)
    window position_order as (partition by business_date, vehicle_key order by reported_at, longitude, latitude)
),

-- Every report once, for what is counted of reports; the kilometres of a position that stands among those above are
-- counted there.
followed as (
    select
        business_date,
        vehicle_key,
        reported_at,
        longitude,
        latitude,
        previous_at,
        previous_longitude,
        previous_latitude,
        next_at,
        next_longitude,
        next_latitude,
        is_running and was_running as is_run,
        true as is_report,
        previous_longitude is not null and next_longitude is not null as is_step
    from neighbours
    union all
    select
        business_date,
        vehicle_key,
        reported_at,
        longitude,
        latitude,
        previous_at,
        previous_longitude,
        previous_latitude,
        next_at,
        next_longitude,
        next_latitude,
        false as is_run,
        false as is_report,
        true as is_step
    from interrupted
),

steps as (
    select
        *,
        {{ seconds_between('previous_at', 'reported_at') }} as gap_s,
        {{ seconds_between('reported_at', 'next_at') }} as next_gap_s,
        {{ haversine_km('previous_longitude', 'previous_latitude', 'longitude', 'latitude') }} as step_km,
        {{ shanghai_hour('reported_at') }} as shanghai_hour,
        {{ shanghai_hour('previous_at') }} as previous_hour
    from followed
),

possible as (
    select
        s.*,
        p.expected_interval_s,
        p.max_gap_s,
        p.max_speed_kmh,
        (s.shanghai_hour >= 22 or s.shanghai_hour < 6)
        and (s.previous_hour >= 22 or s.previous_hour < 6) as is_night,
        s.step_km * 3600 <= p.max_speed_kmh * s.gap_s as is_step_possible
    from steps as s
    cross join parameters as p
),

-- A jump there and back: impossible both from the fix before and to the fix after. Distances that only a jump needs are
-- worked out for the few fixes that may be one.
jumps as (
    select
        *,
        case
            when not is_step_possible
                then {{ haversine_km('longitude', 'latitude', 'next_longitude', 'next_latitude') }} * 3600
                    > max_speed_kmh * next_gap_s
        end as is_jump
    from possible
),

judged as (
    select
        *,
        case
            when is_jump then {{ haversine_km(
                'previous_longitude', 'previous_latitude', 'next_longitude', 'next_latitude'
            ) }}
        end as across_km
    from jumps
),

driven as (
    select
        business_date,
        vehicle_key,
        cast(count(*) filter (where is_report) as bigint) as fixes,
        cast(
            count(*) filter (where is_report and (longitude is null or coalesce(is_jump, false))) as bigint
        ) as drift_fixes,
        cast(count(*) filter (where is_run and gap_s > 0) as bigint) as observed_reports,
        cast(
            coalesce(sum(greatest(1, round(gap_s / expected_interval_s))) filter (where is_run and gap_s > 0), 0)
            as bigint
        ) as expected_reports,
        -- Steps that an impossible fix interrupts are bridged from the fix before it to the fix after it. Rounded,
        -- because a sum of floats depends on its order in the last digits.
        round(coalesce(sum(case
            when not is_step then 0
            when is_night and is_step_possible and gap_s <= max_gap_s then step_km
            when is_night
                and is_jump
                and across_km * 3600 <= max_speed_kmh * (gap_s + next_gap_s)
                and gap_s + next_gap_s <= max_gap_s
                then across_km
            else 0
        end), 0), 6) as night_km
    from judged
    group by business_date, vehicle_key
),

approved as (
    select distinct
        business_date,
        truck_key
    from register
    where is_approved
)

select
    coalesce(d.business_date, a.business_date) as business_date,
    coalesce(d.vehicle_key, a.truck_key) as vehicle_key,
    a.truck_key is not null as is_approved,
    coalesce(d.fixes, 0) as fixes,
    coalesce(d.drift_fixes, 0) as drift_fixes,
    coalesce(d.observed_reports, 0) as observed_reports,
    coalesce(d.expected_reports, 0) as expected_reports,
    coalesce(d.night_km, 0) as night_km
from driven as d
full outer join approved as a on d.business_date = a.business_date and d.vehicle_key = a.truck_key
