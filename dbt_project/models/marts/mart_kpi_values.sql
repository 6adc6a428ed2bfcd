-- One place decides what may be shown. A row exists for every KPI, area and date on which anything arrived: a value
-- that is missing, hidden or not believed has its status and never a zero.
with days as (
    select distinct business_date
    from {{ ref('stg_changed_dates') }}
    where substring(feed, 1, 1) <> '_'
),

grid as (
    select
        d.business_date, a.area_code, k.kpi_code, k.rule_version, k.coverage_floor
    from days as d
    inner join {{ ref('mart_kpi_definitions') }} as k
        on d.business_date >= k.effective_from and (k.effective_to is null or d.business_date <= k.effective_to)
    inner join {{ ref('mart_areas') }} as a
        on a.is_district or k.areas = 'townships'
),

measured as (
    select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
    from {{ ref('mart_kpi_incidents') }}
    where {{ rebuilt('business_date') }}
    union all
    select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
    from {{ ref('mart_kpi_cameras') }}
    where {{ rebuilt('business_date') }}
    union all
    select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
    from {{ ref('mart_kpi_fleet') }}
    where {{ rebuilt('business_date') }}
    union all
    select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
    from {{ ref('mart_kpi_residents') }}
    where {{ rebuilt('business_date') }}
    union all
    select business_date, area_code, kpi_code, value, numerator, denominator, coverage, is_suppressed
    from {{ ref('mart_kpi_cases') }}
    where {{ rebuilt('business_date') }}
),

judged as (
    select
        g.business_date, g.area_code, g.kpi_code, g.rule_version, m.value, m.numerator, m.denominator, m.coverage,
        case
            when m.is_suppressed then 'suppressed_small_count'
            when m.value is null and g.coverage_floor is not null and m.coverage < g.coverage_floor
                and m.denominator > 0 then 'withheld_low_coverage'
            when m.value is null then 'no_data'
            -- Unknown coverage cannot be shown to reach the floor.
            when g.coverage_floor is not null and coalesce(m.coverage, 0) < g.coverage_floor
                then 'withheld_low_coverage'
            else 'ok'
        end as status
    from grid as g
    left join measured as m
        on g.business_date = m.business_date
            and g.area_code = m.area_code
            and g.kpi_code = m.kpi_code
)

select
    kpi_code,
    area_code,
    business_date,
    case when status = 'ok' then value end as value,
    case when status = 'ok' then numerator end as numerator,
    case when status = 'ok' then denominator end as denominator,
    coverage,
    status,
    rule_version
from judged
