-- A date counts when positions of it were processed: then no trip is zero trips. Counts of trips are covered by the
-- share of approved trucks that were heard from; counts of violations by that times the share of the trips that ended
-- which could be judged; the rate over judged trips by the latter alone. Dumps lie in the township they were found in,
-- all else in that of the place of loading.
with days as (
    select
        q.business_date,
        max(f.trucks_reporting) / cast(nullif(max(f.trucks_approved), 0) as double) as heard
    from {{ ref('mart_track_quality') }} as q
    left join {{ ref('mart_fleet') }} as f
        on q.business_date = f.business_date and {{ rebuilt('f.business_date') }}
    where {{ rebuilt('q.business_date') }}
    group by q.business_date
),

areas as (
    select area_code from {{ ref('stg_geography_townships') }}
    union all
    select {{ district() }} as area_code
),

trips as (
    select business_date, trip_id, verdict, dark_s, area_code
    from {{ ref('mart_waste_trips') }}
    where area_code <> {{ district() }}
        and {{ rebuilt('business_date') }}
    union all
    select business_date, trip_id, verdict, dark_s, {{ district() }} as area_code
    from {{ ref('mart_waste_trips') }}
    where {{ rebuilt('business_date') }}
),

charged as (
    select
        business_date,
        trip_id,
        max(case when finding = 'off_route' then 1 else 0 end) as off_route,
        max(case when finding = 'unfiled_receiving_site' then 1 else 0 end) as unfiled
    from {{ ref('int_trip_findings') }}
    where confidence <> 'low'
        and {{ rebuilt('business_date') }}
    group by business_date, trip_id
),

dumps as (
    select business_date, dumps, area_code
    from {{ ref('mart_suspected_dumps') }}
    where area_code <> {{ district() }}
        and {{ rebuilt('business_date') }}
    union all
    select business_date, dumps, {{ district() }} as area_code
    from {{ ref('mart_suspected_dumps') }}
    where {{ rebuilt('business_date') }}
),

found as (
    select business_date, area_code, sum(dumps) as dumps
    from dumps
    group by business_date, area_code
),

driven as (
    select
        t.business_date,
        t.area_code,
        count(*) as trips,
        count(*) filter (where t.verdict <> 'open') as ended,
        count(*) filter (where t.verdict in ('compliant', 'violation')) as judged,
        count(*) filter (where t.verdict = 'compliant') as compliant,
        sum(t.dark_s) / 3600.0 as dark_hours,
        sum(c.off_route) as off_route,
        sum(c.unfiled) as unfiled
    from trips as t
    left join charged as c on t.business_date = c.business_date and t.trip_id = c.trip_id
    group by t.business_date, t.area_code
),

counted as (
    select
        d.business_date,
        a.area_code,
        d.heard,
        coalesce(t.trips, 0) as trips,
        coalesce(t.judged, 0) as judged,
        coalesce(t.compliant, 0) as compliant,
        coalesce(t.dark_hours, 0) as dark_hours,
        coalesce(t.off_route, 0) as off_route,
        coalesce(t.unfiled, 0) as unfiled,
        coalesce(f.dumps, 0) as dumps,
        -- Of no trip that ended, none was left unjudged.
        coalesce(t.judged / cast(nullif(t.ended, 0) as double), 1) as judged_share,
        coalesce(w.judged / cast(nullif(w.ended, 0) as double), 1) as judged_share_of_district
    from days as d
    cross join areas as a
    left join driven as t on d.business_date = t.business_date and a.area_code = t.area_code
    left join driven as w on d.business_date = w.business_date and w.area_code = {{ district() }}
    left join found as f on d.business_date = f.business_date and a.area_code = f.area_code
),

-- What has no volume is none of 0 m3: a permit with such a trip or receipt cannot be balanced. Days from before these
-- were counted, whose detail has expired, stay as they were.
permit_days as (
    select
        business_date,
        trips,
        hauled_m3,
        receipts,
        receipts_m3,
        coalesce(unmeasured_trips, 0) = 0 and coalesce(unmeasured_receipts, 0) = 0 as is_measured
    from {{ ref('mart_permit_days') }}
    where permit_id <> 'none'
        and {{ rebuilt('business_date') }}
),

-- Per permit, so that what one has too many does not hide what another lacks. Trips of permits that cannot be balanced
-- lower the coverage, as those without a permit do. Of a date on which nobody was settled the receipts have not come.
unsettled as (
    select
        p.business_date,
        coalesce(sum(case when p.is_measured then p.hauled_m3 end), 0) as hauled_m3,
        coalesce(sum(case when p.is_measured then greatest(p.hauled_m3 - p.receipts_m3, 0) end), 0) as missing_m3,
        sum(case when p.is_measured then p.trips else 0 end) / cast(nullif(max(w.ended), 0) as double) as coverage
    from permit_days as p
    left join driven as w on p.business_date = w.business_date and w.area_code = {{ district() }}
    group by p.business_date
    having sum(p.receipts) > 0
),

-- Events arrived, and a register says which sites may work at night.
nights as (
    select distinct e.business_date
    from {{ ref('mart_event_counts') }} as e
    inner join {{ ref('int_register_days') }} as r
        on e.business_date = r.business_date
            and r.feed = 'night_work_permits'
            and {{ rebuilt('r.business_date') }}
    where {{ rebuilt('e.business_date') }}
),

heard_at_night as (
    select d.business_date, a.area_code, coalesce(n.unpermitted, 0) as unpermitted, c.coverage
    from nights as d
    cross join areas as a
    left join {{ ref('mart_night_construction') }} as n
        on d.business_date = n.business_date and a.area_code = n.area_code and {{ rebuilt('n.business_date') }}
    left join {{ ref('mart_camera_coverage') }} as c
        on d.business_date = c.business_date and a.area_code = c.area_code and {{ rebuilt('c.business_date') }}
),

measured as (
    select
        business_date, area_code, 'waste_trips' as kpi_code,
        cast(trips as double) as value, cast(trips as double) as numerator,
        cast(null as double) as denominator, heard as coverage
    from counted
    union all
    select
        business_date, area_code, 'waste_conformance_rate' as kpi_code,
        compliant / cast(nullif(judged, 0) as double) as value, cast(compliant as double) as numerator,
        cast(judged as double) as denominator, judged_share as coverage
    from counted
    union all
    select
        business_date, area_code, 'waste_dark_hours' as kpi_code,
        round(dark_hours, 3) as value, round(dark_hours, 3) as numerator,
        cast(null as double) as denominator, heard as coverage
    from counted
    union all
    select
        business_date, area_code, 'waste_suspected_dumps' as kpi_code,
        cast(dumps as double) as value, cast(dumps as double) as numerator,
        cast(null as double) as denominator, heard * judged_share_of_district as coverage
    from counted
    union all
    select
        business_date, area_code, 'waste_off_route_trips' as kpi_code,
        cast(off_route as double) as value, cast(off_route as double) as numerator,
        cast(null as double) as denominator, heard * judged_share as coverage
    from counted
    union all
    select
        business_date, area_code, 'waste_unfiled_site_trips' as kpi_code,
        cast(unfiled as double) as value, cast(unfiled as double) as numerator,
        cast(null as double) as denominator, heard * judged_share as coverage
    from counted
    union all
    select
        business_date, area_code, 'night_construction_unpermitted' as kpi_code,
        cast(unpermitted as double) as value, cast(unpermitted as double) as numerator,
        cast(null as double) as denominator, coverage
    from heard_at_night
    union all
    select
        business_date, {{ district() }} as area_code, 'waste_receipt_gap_share' as kpi_code,
        missing_m3 / nullif(hauled_m3, 0) as value, missing_m3 as numerator,
        hauled_m3 as denominator, least(coverage, 1) as coverage
    from unsettled
)

select
    business_date,
    area_code,
    kpi_code,
    value,
    numerator,
    denominator,
    coverage,
    -- Trips, sites and companies are counted, and no person.
    false as is_suppressed
from measured
