{{ config(meta={'feeds': ['population_records']}) }}

-- Counts of 1 to threshold - 1 persons are hidden. Townships and household types add up to published totals, so a
-- hidden cell alone in its row or column could be worked out again. Each small cell (a, h) therefore takes three
-- others with it: a partner area, a partner type and the corner between them. Every hidden cell lies on such a
-- rectangle, that is on a cycle of the table's row and column equations, and a cell on a cycle can be raised and its
-- neighbours lowered without changing any published number: no cell can be recomputed. Persons of no township on the
-- map are an area like others here, and not published: whoever takes the townships from the district has their number.
--
-- Partners are the first in the fixed order whose count is itself not small, not the smallest: partners that changed
-- from day to day would give yesterday's hidden cell away tomorrow.
with rules as (
    select effective_from, effective_to, max(small_count_threshold) as threshold
    from {{ ref('stg_kpi_definitions') }}
    where kpi_code = 'residents_total'
    group by effective_from, effective_to
),

cells as (
    select
        r.business_date,
        r.area_code,
        r.household_type,
        r.persons,
        r.persons between 1 and u.threshold - 1 as is_small,
        r.persons >= u.threshold as is_large,
        r.area_code = {{ district() }} or r.household_type = 'all' as is_total,
        case r.household_type when 'registered' then 1 when 'migrant' then 2 when 'overseas' then 3 else 4 end as place
    from {{ ref('mart_residents') }} as r
    inner join rules as u
        on r.business_date >= u.effective_from and (u.effective_to is null or r.business_date <= u.effective_to)
    where {{ rebuilt('r.business_date') }}
),

partner_areas as (
    select
        s.business_date,
        s.area_code,
        s.household_type,
        p.area_code as partner_area,
        row_number() over (
            partition by s.business_date, s.area_code, s.household_type
            order by
                p.is_large desc,
                p.area_code = {{ district() }} asc,
                case when p.is_large then 0 else -p.persons end asc,
                p.area_code asc
        ) as choice
    from cells as s
    inner join cells as p
        on s.business_date = p.business_date
            and s.household_type = p.household_type
            and s.area_code <> p.area_code
    where s.is_small
),

partner_types as (
    select
        s.business_date,
        s.area_code,
        s.household_type,
        p.household_type as partner_type,
        row_number() over (
            partition by s.business_date, s.area_code, s.household_type
            order by
                p.is_large desc,
                p.household_type = 'all' asc,
                case when p.is_large then 0 else -p.persons end asc,
                p.place asc
        ) as choice
    from cells as s
    inner join cells as p
        on s.business_date = p.business_date
            and s.area_code = p.area_code
            and s.household_type <> p.household_type
    where s.is_small
),

corners as (
    select a.business_date, a.area_code, a.household_type, a.partner_area, t.partner_type
    from partner_areas as a
    inner join partner_types as t
        on a.business_date = t.business_date
            and a.area_code = t.area_code
            and a.household_type = t.household_type
    where a.choice = 1
        and t.choice = 1
),

hidden as (
    select business_date, area_code, household_type from corners
    union
    select business_date, partner_area as area_code, household_type from corners
    union
    select business_date, area_code, partner_type as household_type from corners
    union
    select business_date, partner_area as area_code, partner_type as household_type from corners
)

select
    c.business_date,
    c.area_code,
    c.household_type,
    case when h.area_code is null then c.persons end as persons,
    case when h.area_code is null then 'ok' else 'suppressed_small_count' end as status
from cells as c
left join hidden as h
    on c.business_date = h.business_date
        and c.area_code = h.area_code
        and c.household_type = h.household_type
where c.area_code <> {{ elsewhere() }}
