-- One place decides what may be shown. A row exists for every KPI, area and date on which anything arrived: a value
-- that is missing, hidden or not believed has its status and never a zero.
with days as (
    select distinct business_date
    from {{ ref('stg_changed_dates') }}
    where substring(feed, 1, 1) <> '_'
),

grid as (
    select
        d.business_date, a.area_code, k.kpi_code, k.rule_version, k.coverage_floor, k.measure
    from days as d
    inner join {{ ref('mart_kpi_definitions') }} as k
        on d.business_date >= k.effective_from and (k.effective_to is null or d.business_date <= k.effective_to)
    inner join {{ ref('mart_areas') }} as a
        on a.is_district or k.areas = 'townships'
),

measured as (
    select business_date, area_code, kpi_code as measure, value, numerator, denominator, coverage, is_suppressed
    from {{ ref('mart_kpi_measures') }}
    where {{ rebuilt('business_date') }}
),

judged as (
    select
        g.business_date, g.area_code, g.kpi_code, g.rule_version, m.value, m.numerator, m.denominator, m.coverage,
        {{ kpi_status('m', 'g.coverage_floor') }} as status
    from grid as g
    left join measured as m
        on g.business_date = m.business_date
            and g.area_code = m.area_code
            and g.measure = m.measure
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
