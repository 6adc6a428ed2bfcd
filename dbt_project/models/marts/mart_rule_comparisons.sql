-- What each version of a rule gives for the same date, in force or not: a proposal can be looked at on a past month
-- before anybody is judged by it. Numerators and denominators add up over a month; rates do not.
with versions as (
    select kpi_code, rule_version, measure, coverage_floor, areas, effective_from, effective_to
    from {{ ref('mart_kpi_definitions') }}
),

several as (
    select kpi_code
    from versions
    group by kpi_code
    having count(*) > 1
),

measured as (
    select business_date, area_code, kpi_code as measure, value, numerator, denominator, coverage, is_suppressed
    from {{ ref('mart_kpi_measures') }}
    where {{ rebuilt('business_date') }}
),

judged as (
    select
        m.business_date,
        m.area_code,
        v.kpi_code,
        v.rule_version,
        m.business_date >= v.effective_from
        and (v.effective_to is null or m.business_date <= v.effective_to) as is_in_force,
        m.value,
        m.numerator,
        m.denominator,
        m.coverage,
        {{ kpi_status('m', 'v.coverage_floor') }} as status
    from several as s
    inner join versions as v on s.kpi_code = v.kpi_code
    inner join measured as m on v.measure = m.measure
    inner join {{ ref('mart_areas') }} as a
        on m.area_code = a.area_code and (a.is_district or v.areas = 'townships')
)

select
    business_date,
    area_code,
    kpi_code,
    rule_version,
    is_in_force,
    case when status = 'ok' then value end as value,
    case when status = 'ok' then numerator end as numerator,
    case when status = 'ok' then denominator end as denominator,
    coverage,
    status
from judged
