with cells as (
    select business_date, area_code, household_type, persons, status <> 'ok' as is_suppressed
    from {{ ref('mart_residents_protected') }}
    where {{ rebuilt('business_date') }}
),

measured as (
    select
        business_date, area_code,
        case when household_type = 'all' then 'residents_total' else concat('residents_', household_type) end
            as kpi_code,
        cast(persons as double) as value, cast(persons as double) as numerator,
        cast(null as double) as denominator, is_suppressed
    from cells
    union all
    -- A share of two published counts tells nothing new; with one of them hidden it would tell the other.
    select
        m.business_date, m.area_code, 'migrant_share' as kpi_code,
        m.persons / cast(nullif(t.persons, 0) as double) as value, cast(m.persons as double) as numerator,
        cast(t.persons as double) as denominator, m.is_suppressed or t.is_suppressed as is_suppressed
    from cells as m
    inner join cells as t on m.business_date = t.business_date and m.area_code = t.area_code
    where m.household_type = 'migrant'
        and t.household_type = 'all'
    union all
    select
        business_date, area_code, 'registrations_expiring_30d' as kpi_code,
        cast(persons as double) as value, cast(persons as double) as numerator,
        cast(null as double) as denominator, status <> 'ok' as is_suppressed
    from {{ ref('mart_expiring_registrations') }}
    where {{ rebuilt('business_date') }}
)

select
    business_date,
    area_code,
    kpi_code,
    value,
    numerator,
    denominator,
    cast(null as double) as coverage,
    is_suppressed
from measured
