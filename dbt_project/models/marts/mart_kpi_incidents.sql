-- Zero is an answer where events arrived for the date; whether it may be believed is for the coverage to say.
with days as (
    select distinct business_date
    from {{ ref('mart_event_counts') }}
    where {{ rebuilt('business_date') }}
),

areas as (
    select area_code from {{ ref('stg_geography_townships') }}
    union all
    select {{ district() }} as area_code
),

counted as (
    select d.business_date, a.area_code, t.event_type, coalesce(c.incidents, 0) as incidents
    from days as d
    cross join areas as a
    cross join {{ ref('stg_event_types') }} as t
    left join {{ ref('mart_event_counts') }} as c
        on d.business_date = c.business_date
            and a.area_code = c.area_code
            and t.event_type = c.event_type
            and {{ rebuilt('c.business_date') }}
),

totals as (
    select business_date, area_code, sum(incidents) as incidents
    from counted
    group by business_date, area_code
),

residents as (
    select business_date, area_code, persons, status
    from {{ ref('mart_residents_protected') }}
    where household_type = 'all'
        and {{ rebuilt('business_date') }}
),

measured as (
    select
        business_date, area_code, concat('incidents_', event_type) as kpi_code,
        cast(incidents as double) as value, cast(incidents as double) as numerator,
        cast(null as double) as denominator, false as is_suppressed
    from counted
    union all
    select
        business_date, area_code, 'incidents_total' as kpi_code,
        cast(incidents as double) as value, cast(incidents as double) as numerator,
        cast(null as double) as denominator, false as is_suppressed
    from totals
    union all
    -- The numerator is public, so the rate would give a hidden number of residents away.
    select
        t.business_date, t.area_code, 'incidents_per_10k_residents' as kpi_code,
        round(t.incidents * 10000.0 / nullif(r.persons, 0), 6) as value, cast(t.incidents as double) as numerator,
        cast(r.persons as double) as denominator, coalesce(r.status, 'ok') <> 'ok' as is_suppressed
    from totals as t
    left join residents as r on t.business_date = r.business_date and t.area_code = r.area_code
)

select
    m.business_date,
    m.area_code,
    m.kpi_code,
    m.value,
    m.numerator,
    m.denominator,
    c.coverage,
    m.is_suppressed
from measured as m
left join {{ ref('mart_camera_coverage') }} as c
    on m.business_date = c.business_date
        and m.area_code = c.area_code
        and {{ rebuilt('c.business_date') }}
