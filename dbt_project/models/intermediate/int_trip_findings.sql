{{
    config(
        meta={
            'feeds': [
                'haulage', 'truck_gps', 'trucks', 'disposal_permits', 'waste_sites', 'detection_events', 'cameras'
            ]
        }
    )
}}

-- What a trip that has ended did against its permit. Where it unloaded is one finding, a dump, an unfiled or an
-- unpermitted site; who went elsewhere may have left the route as well. A truck without a valid permit has no site,
-- hours and route to break, and one of no register no carrier whose permits could be looked for.
--
-- Faults never accuse. A track that may be in another datum is no evidence of any place; too few fixes none of a route
-- or a dump; unloaded during a silence, nobody knows where; without a register in effect nothing is unpermitted,
-- unfiled or unregistered. Low confidence (macros/finding_confidence.sql) names what was noticed and accuses nobody.
with parameters as (
    select
        max(case when parameter = 'observed_share_min' then value end) as observed_share_min,
        max(case when parameter = 'off_route_share_max' then value end) as off_route_share_max,
        max(case when parameter = 'off_route_longest_km_max' then value end) as off_route_longest_km_max,
        max(case when parameter = 'out_of_hours_min_s' then value end) as out_of_hours_min_s,
        max(case when parameter = 'overspeed_min_s' then value end) as overspeed_min_s,
        max(case when parameter = 'max_speed_kmh' then value end) as max_speed_kmh,
        max(case when parameter = 'dark_gap_s' then value end) as dark_gap_s,
        max(case when parameter = 'stop_radius_m' then value end) as stop_radius_m
    from {{ ref('stg_contract_parameters') }}
    where feed = 'truck_gps'
),

registers as (
    select
        business_date,
        max(case when feed = 'trucks' then 1 else 0 end) = 1 as has_trucks,
        max(case when feed = 'disposal_permits' then 1 else 0 end) = 1 as has_permits,
        max(case when feed = 'waste_sites' then 1 else 0 end) = 1 as has_sites
    from {{ ref('int_register_days') }}
    where {{ rebuilt('business_date') }}
    group by business_date
),

trips as (
    select
        t.*,
        p.*,
        coalesce(r.has_trucks, false) as has_trucks,
        coalesce(r.has_permits, false) as has_permits,
        coalesce(r.has_sites, false) as has_sites,
        coalesce(t.observed_share, 0) as coverage,
        coalesce(t.observed_share >= p.observed_share_min, false) as is_observed,
        not coalesce(t.wrong_datum_suspected, false) as is_placed,
        coalesce(t.load_source = 'sensor', false) as is_sensed,
        coalesce(t.load_source = 'sensor', false) and t.origin_site_id is not null as is_sensed_in_site,
        coalesce(t.permit_state = 'valid' and t.is_permitted_truck, false) as is_covered,
        coalesce(t.end_kind = 'unloaded', false) as is_unloaded,
        -- Taken off where it was loaded, nothing was hauled.
        t.end_kind = 'unloaded' and t.destination_site_id is not null
        and (t.origin_site_id is null or t.origin_site_id <> t.destination_site_id) as is_unloaded_in_site,
        coalesce(t.destination_filed, false) or t.destination_site_kind = 'construction' as is_filed
    from {{ ref('stg_haulage_trips') }} as t
    cross join parameters as p
    left join registers as r on t.business_date = r.business_date
    where {{ rebuilt('t.business_date') }}
        and not coalesce(t.is_open, false)
),

-- Silences while loaded, longer than the contract allows; one that begins after midnight is of the next date.
silences as (
    select
        t.business_date,
        t.trip_id,
        sum(g.gap_s) as dark_s,
        max(case when g.after_power_off then 1 else 0 end) = 1 as has_alarm,
        min(g.started_at) as dark_from,
        max(g.ended_at) as dark_until,
        max(case when t.ended_at between g.started_at and g.ended_at then 1 else 0 end) = 1 as hides_the_end
    from trips as t
    inner join {{ ref('stg_haulage_gaps') }} as g on t.trip_id = g.trip_id
    where g.was_loaded
        and g.gap_s >= t.dark_gap_s
        and {{ rebuilt_or_day_after('g.business_date') }}
    group by t.business_date, t.trip_id
),

-- Within a stop's radius of the circle around a site: it may have waited at the gate.
beside_sites as (
    select distinct
        t.business_date,
        t.trip_id
    from trips as t
    inner join {{ ref('stg_haulage_sites') }} as s on t.business_date = s.business_date
    where t.is_unloaded
        and t.destination_site_id is null
        and {{ rebuilt('s.business_date') }}
        and 1000 * {{ haversine_km('t.destination_longitude', 't.destination_latitude', 's.longitude', 's.latitude') }}
        <= s.radius_m + t.stop_radius_m
),

sightings as (
    select
        business_date,
        trip_id,
        count(*) as sightings,
        count(distinct camera_id) as cameras,
        max(case when is_alone then 1 else 0 end) = 1 as is_alone,
        min(seen_at) as seen_from,
        max(seen_at) as seen_until
    from {{ ref('int_trip_sightings') }}
    where {{ rebuilt('business_date') }}
    group by business_date, trip_id
),

noticed as (
    -- A load that began and ended in no site of the register may be a load bit that flickers.
    select
        business_date, trip_id, coverage, 'unregistered_truck' as finding,
        origin_site_id is null and destination_site_id is null as is_weak,
        is_sensed_in_site as is_sure,
        cast(null as double) as measure, started_at as evidence_from, ended_at as evidence_until
    from trips
    where has_trucks
        and not coalesce(is_registered, false)
    union all
    -- What is loaded elsewhere than in a site that produces waste may need no permit.
    select
        business_date, trip_id, coverage, 'no_permit' as finding,
        coalesce(origin_site_kind, '') not in ('construction', 'transfer') as is_weak,
        is_sensed_in_site as is_sure,
        capacity_m3 as measure, started_at as evidence_from, ended_at as evidence_until
    from trips
    where has_permits
        and is_placed
        and is_registered
        and (permit_state = 'none' or (permit_state = 'valid' and not is_permitted_truck))
    union all
    select
        business_date, trip_id, coverage, 'expired_permit' as finding,
        false as is_weak,
        is_sensed_in_site as is_sure,
        capacity_m3 as measure, started_at as evidence_from, ended_at as evidence_until
    from trips
    where is_placed
        and permit_state in ('expired', 'not_yet', 'revoked')
    union all
    select
        business_date, trip_id, coverage, 'unpermitted_site' as finding,
        not is_observed as is_weak,
        is_sensed as is_sure,
        capacity_m3 as measure, ended_at as evidence_from, ended_at as evidence_until
    from trips
    where is_placed
        and is_covered
        and is_unloaded_in_site
        and is_filed
        and destination_site_id <> permit_receiving_site_id
    union all
    select
        business_date, trip_id, coverage, 'unfiled_receiving_site' as finding,
        not is_observed as is_weak,
        is_sensed as is_sure,
        capacity_m3 as measure, ended_at as evidence_from, ended_at as evidence_until
    from trips
    where is_placed
        and is_unloaded_in_site
        and not is_filed
    union all
    select
        t.business_date, t.trip_id, t.coverage, 'suspected_dump' as finding,
        not t.is_sensed or t.origin_site_id is null or b.trip_id is not null as is_weak,
        t.is_sensed_in_site as is_sure,
        t.capacity_m3 as measure, t.ended_at as evidence_from, t.ended_at as evidence_until
    from trips as t
    left join silences as s on t.business_date = s.business_date and t.trip_id = s.trip_id
    left join beside_sites as b on t.business_date = b.business_date and t.trip_id = b.trip_id
    where t.has_sites
        and t.is_placed
        and t.is_observed
        and t.is_unloaded
        and t.destination_site_id is null
        and not coalesce(s.hides_the_end, false)
    union all
    select
        business_date, trip_id, coverage, 'off_route' as finding,
        false as is_weak,
        is_sensed_in_site as is_sure,
        off_route_km as measure, started_at as evidence_from, ended_at as evidence_until
    from trips
    where is_placed
        and is_observed
        and is_covered
        and route_known
        and (off_route_share > off_route_share_max or off_route_longest_km > off_route_longest_km_max)
    union all
    select
        business_date, trip_id, coverage, 'out_of_hours' as finding,
        false as is_weak,
        is_sensed_in_site as is_sure,
        cast(hours_outside_s as double) as measure, started_at as evidence_from, ended_at as evidence_until
    from trips
    where is_placed
        and is_covered
        and hours_outside_s >= out_of_hours_min_s
    union all
    -- A speed no truck reaches is a fault of the terminal.
    select
        business_date, trip_id, coverage, 'overspeed' as finding,
        coalesce(top_speed_kmh > max_speed_kmh, false) as is_weak,
        is_sensed_in_site as is_sure,
        cast(overspeed_s as double) as measure, started_at as evidence_from, ended_at as evidence_until
    from trips
    where overspeed_s >= overspeed_min_s
    union all
    -- Without the alarm of a power cut before it, a silence is as likely the network's.
    select
        t.business_date, t.trip_id, t.coverage, 'terminal_dark' as finding,
        not s.has_alarm as is_weak,
        t.is_sensed_in_site as is_sure,
        cast(s.dark_s as double) as measure, s.dark_from as evidence_from, s.dark_until as evidence_until
    from trips as t
    inner join silences as s on t.business_date = s.business_date and t.trip_id = s.trip_id
    union all
    -- No plate is read; two cameras that each saw it alone make it sure.
    select
        t.business_date, t.trip_id, t.coverage, 'uncovered_or_spilling' as finding,
        not s.is_alone as is_weak,
        t.is_sensed and s.is_alone and s.cameras > 1 as is_sure,
        cast(s.sightings as double) as measure, s.seen_from as evidence_from, s.seen_until as evidence_until
    from trips as t
    inner join sightings as s on t.business_date = s.business_date and t.trip_id = s.trip_id
    where t.is_placed
)

select
    business_date,
    trip_id,
    finding,
    {{ finding_confidence('is_weak', 'is_sure', 'coverage') }} as confidence,
    measure,
    evidence_from,
    evidence_until
from noticed
