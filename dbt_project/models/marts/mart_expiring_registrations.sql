{{ config(meta={'feeds': ['population_records']}) }}

with parameters as (
    select max(case when parameter = 'expiring_days' then value end) as expiring_days
    from {{ ref('stg_contract_parameters') }}
    where feed = 'population_records'
),

rules as (
    select effective_from, effective_to, max(small_count_threshold) as threshold
    from {{ ref('stg_kpi_definitions') }}
    where kpi_code = 'registrations_expiring_30d'
    group by effective_from, effective_to
),

days as (
    select d.business_date, d.snapshot_date, {{ add_days('d.business_date', 'p.expiring_days') }} as last_date
    from {{ ref('int_register_days') }} as d
    cross join parameters as p
    where d.feed = 'population_records'
        and {{ rebuilt('d.business_date') }}
),

ending as (
    select snapshot_date, township_code, valid_until, count(*) as persons
    from {{ ref('stg_population_records') }}
    where status = 'active'
        and valid_until is not null
        and {{ in_effect('snapshot_date', 'population_records') }}
    group by snapshot_date, township_code, valid_until
),

areas as (
    select area_code from {{ ref('stg_geography_townships') }}
    union all
    select {{ elsewhere() }} as area_code
),

expiring as (
    select d.business_date, coalesce(t.area_code, {{ elsewhere() }}) as area_code, sum(e.persons) as persons
    from days as d
    inner join ending as e
        on d.snapshot_date = e.snapshot_date
            and e.valid_until between d.business_date and d.last_date
    left join {{ ref('stg_geography_townships') }} as t on e.township_code = t.area_code
    group by d.business_date, coalesce(t.area_code, {{ elsewhere() }})
),

counted as (
    select d.business_date, a.area_code, coalesce(e.persons, 0) as persons
    from days as d
    cross join areas as a
    left join expiring as e on d.business_date = e.business_date and a.area_code = e.area_code
    union all
    select d.business_date, {{ district() }} as area_code, coalesce(sum(e.persons), 0) as persons
    from days as d
    left join expiring as e on d.business_date = e.business_date
    group by d.business_date
),

cells as (
    select
        c.business_date,
        c.area_code,
        cast(c.persons as bigint) as persons,
        c.persons between 1 and u.threshold - 1 as is_small,
        c.persons >= u.threshold as is_large
    from counted as c
    inner join rules as u
        on c.business_date >= u.effective_from and (u.effective_to is null or c.business_date <= u.effective_to)
),

-- Townships, and what is of none, add up to the district: with a small count always goes one that is not small, in the
-- fixed order of codes, or the district's total when there is none.
ordered as (
    select
        *,
        max(case when is_small then 1 else 0 end) over (partition by business_date) as small_counts,
        row_number() over (
            partition by business_date order by is_large desc, area_code = {{ district() }} asc, area_code asc
        ) as partner_order
    from cells
)

select
    business_date,
    area_code,
    case when not (is_small or (small_counts > 0 and partner_order = 1)) then persons end as persons,
    case when is_small or (small_counts > 0 and partner_order = 1) then 'suppressed_small_count' else 'ok' end as status
from ordered
where area_code <> {{ elsewhere() }}
