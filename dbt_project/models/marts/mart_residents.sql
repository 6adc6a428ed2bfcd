{{ config(meta={'feeds': ['population_records']}) }}

-- The counts as they are, for the next step to protect: nothing but mart_residents_protected and the KPIs reads them.
with days as (
    select business_date, snapshot_date
    from {{ ref('int_register_days') }}
    where feed = 'population_records'
        and {{ rebuilt('business_date') }}
),

counted as (
    select
        p.snapshot_date,
        coalesce(t.area_code, {{ elsewhere() }}) as area_code,
        p.household_type,
        count(*) as persons
    from {{ ref('stg_population_records') }} as p
    left join {{ ref('stg_geography_townships') }} as t on p.township_code = t.area_code
    where p.status = 'active'
        and {{ in_effect('p.snapshot_date', 'population_records') }}
    group by p.snapshot_date, coalesce(t.area_code, {{ elsewhere() }}), p.household_type
),

cells as (
    select snapshot_date, area_code, household_type, persons from counted
    union all
    select snapshot_date, area_code, 'all' as household_type, persons from counted
    union all
    select snapshot_date, {{ district() }} as area_code, household_type, persons from counted
    union all
    select snapshot_date, {{ district() }} as area_code, 'all' as household_type, persons from counted
),

areas as (
    select area_code from {{ ref('stg_geography_townships') }}
    union all
    select {{ elsewhere() }} as area_code
    union all
    select {{ district() }} as area_code
),

household_types as (
    select 'registered' as household_type
    union all
    select 'migrant' as household_type
    union all
    select 'overseas' as household_type
    union all
    select 'all' as household_type
)

-- Every cell has a row: where a register was read, an empty cell is a true zero.
select
    d.business_date,
    a.area_code,
    h.household_type,
    cast(coalesce(sum(c.persons), 0) as bigint) as persons
from days as d
cross join areas as a
cross join household_types as h
left join cells as c
    on d.snapshot_date = c.snapshot_date
        and a.area_code = c.area_code
        and h.household_type = c.household_type
group by d.business_date, a.area_code, h.household_type
