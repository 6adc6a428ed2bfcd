{{
    config(
        meta={
            'feeds': [
                'haulage', 'truck_gps', 'trucks', 'disposal_permits', 'waste_sites', 'detection_events', 'cameras'
            ]
        }
    )
}}

-- The verdict on each trip. A finding of high or medium confidence makes a violation. Without one, a trip that may
-- hide one (too few fixes, perhaps another datum, never seen to unload, more permits than a leg is followed under, a
-- finding of low confidence, a register missing) is not judged, and the rest is compliant; a trip that has not ended is
-- open. The place of unloading is kept as the middle of a cell of a thousandth of a degree (111 by 95 metres): places
-- are measured, and this outlives the track.
with parameters as (
    select max(case when parameter = 'observed_share_min' then value end) as observed_share_min
    from {{ ref('stg_contract_parameters') }}
    where feed = 'truck_gps'
),

registers as (
    select
        business_date,
        count(distinct feed) = 3 as are_known
    from {{ ref('int_register_days') }}
    where feed in ('trucks', 'disposal_permits', 'waste_sites')
        and {{ rebuilt('business_date') }}
    group by business_date
),

placed as (
    select
        t.business_date,
        t.trip_id,
        t.carrier,
        t.capacity_m3,
        t.permit_id,
        t.permit_receiving_site_id,
        t.origin_site_id,
        t.destination_site_id,
        t.started_at,
        t.ended_at,
        t.distance_km,
        t.load_source,
        t.end_kind,
        coalesce(t.is_open, false) as is_open,
        t.origin_longitude as longitude,
        t.origin_latitude as latitude,
        t.destination_longitude,
        t.destination_latitude,
        greatest(least(coalesce(t.observed_share, 0), 1), 0) as coverage,
        coalesce(t.observed_share >= p.observed_share_min, false)
        and not coalesce(t.wrong_datum_suspected, false)
        and coalesce(t.end_kind = 'unloaded', false)
        and coalesce(t.permit_state, 'none') <> 'unclear'
        and coalesce(r.are_known, false) as can_be_cleared
    from {{ ref('stg_haulage_trips') }} as t
    cross join parameters as p
    left join registers as r on t.business_date = r.business_date
    where {{ rebuilt('t.business_date') }}
),

located as (
    {{ township_lookup('placed', cells=ref('stg_geography_cells'), edges=ref('stg_geography_edges')) }}
),

findings as (
    select
        business_date,
        trip_id,
        max(case confidence when 'high' then 3 when 'medium' then 2 else 1 end) as surest,
        {{ joined_sorted("case when confidence <> 'low' then finding end") }} as charges,
        {{ joined_sorted("finding") }} as noticed,
        max(case when finding = 'terminal_dark' then measure end) as dark_s
    from {{ ref('int_trip_findings') }}
    where {{ rebuilt('business_date') }}
    group by business_date, trip_id
),

judged as (
    select
        l.*,
        f.charges,
        f.noticed,
        f.surest,
        coalesce(f.dark_s, 0) as dark_s,
        case
            when l.is_open then 'open'
            when f.charges is not null then 'violation'
            when f.noticed is not null or not l.can_be_cleared then 'not_judged'
            else 'compliant'
        end as verdict
    from located as l
    left join findings as f on l.business_date = f.business_date and l.trip_id = f.trip_id
)

select
    business_date,
    trip_id,
    coalesce(area_code, {{ district() }}) as area_code,
    carrier,
    permit_id,
    permit_receiving_site_id,
    origin_site_id,
    destination_site_id,
    case when end_kind = 'unloaded' then (floor(destination_longitude * 1000) + 0.5) / 1000 end as unloaded_longitude,
    case when end_kind = 'unloaded' then (floor(destination_latitude * 1000) + 0.5) / 1000 end as unloaded_latitude,
    case when end_kind = 'unloaded' then cast({{ shanghai_hour('ended_at') }} as integer) end as unloaded_hour,
    cast(date_trunc('hour', started_at) as timestamp) as started_hour,
    cast(round({{ seconds_between('started_at', 'ended_at') }} / 60) as integer) as duration_min,
    round(distance_km, 3) as distance_km,
    capacity_m3,
    end_kind,
    verdict,
    case verdict when 'violation' then charges when 'not_judged' then coalesce(noticed, '') else '' end as findings,
    case
        when verdict = 'violation' and surest = 3 then 'high'
        when verdict = 'violation' then 'medium'
        when verdict = 'compliant' and load_source = 'sensor' and origin_site_id is not null
            and coverage >= {{ var('high_confidence_coverage') }} then 'high'
        when verdict = 'compliant' then 'medium'
        else 'low'
    end as confidence,
    coverage,
    dark_s
from judged
