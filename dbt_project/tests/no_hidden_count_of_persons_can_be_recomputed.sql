{{ config(severity='error', meta={'owner': 'population office'}) }}

-- Townships add up to the district, household types to all. A hidden count that lies on a rectangle of hidden counts
-- can be raised and its neighbours lowered without changing any published number; one that does not could be worked
-- out. Nor may a small count be shown.
with cells as (
    select p.business_date, p.area_code, p.household_type, p.persons, p.status, k.small_count_threshold
    from {{ ref('population_counts') }} as p
    inner join {{ ref('published_kpi_definitions') }} as k
        on k.kpi_code = 'residents_total'
            and p.business_date >= k.effective_from
            and (k.effective_to is null or p.business_date <= k.effective_to)
    where {{ rebuilt('p.business_date') }}
),

hidden as (
    select business_date, area_code, household_type
    from cells
    where status = 'suppressed_small_count'
),

on_a_rectangle as (
    select distinct h.business_date, h.area_code, h.household_type
    from hidden as h
    inner join hidden as same_type
        on h.business_date = same_type.business_date
            and h.household_type = same_type.household_type
            and h.area_code <> same_type.area_code
    inner join hidden as same_area
        on h.business_date = same_area.business_date
            and h.area_code = same_area.area_code
            and h.household_type <> same_area.household_type
    inner join hidden as corner
        on h.business_date = corner.business_date
            and same_type.area_code = corner.area_code
            and same_area.household_type = corner.household_type
)

select business_date, area_code, household_type, 'shown although small' as problem
from cells
where persons between 1 and small_count_threshold - 1
union all
select h.business_date, h.area_code, h.household_type, 'can be recomputed' as problem
from hidden as h
left join on_a_rectangle as r
    on h.business_date = r.business_date
        and h.area_code = r.area_code
        and h.household_type = r.household_type
where r.area_code is null
