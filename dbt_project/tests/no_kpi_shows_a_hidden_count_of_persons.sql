{{ config(severity='error', meta={'owner': 'population office'}) }}

-- A KPI made of a count of persons is hidden wherever that count is: as the value itself, in a share, as a denominator.
with hidden as (
    select business_date, area_code, household_type
    from {{ ref('population_counts') }}
    where status = 'suppressed_small_count'
        and {{ rebuilt('business_date') }}
),

uses as (
    select 'residents_total' as kpi_code, 'all' as household_type
    union all
    select 'residents_registered' as kpi_code, 'registered' as household_type
    union all
    select 'residents_migrant' as kpi_code, 'migrant' as household_type
    union all
    select 'residents_overseas' as kpi_code, 'overseas' as household_type
    union all
    select 'migrant_share' as kpi_code, 'migrant' as household_type
    union all
    select 'migrant_share' as kpi_code, 'all' as household_type
    union all
    select 'incidents_per_10k_residents' as kpi_code, 'all' as household_type
)

select k.business_date, k.area_code, k.kpi_code
from {{ ref('kpi_values') }} as k
inner join uses as u on k.kpi_code = u.kpi_code
inner join hidden as h
    on k.business_date = h.business_date
        and k.area_code = h.area_code
        and u.household_type = h.household_type
where {{ rebuilt('k.business_date') }}
    and (k.value is not null or k.numerator is not null or k.denominator is not null)
