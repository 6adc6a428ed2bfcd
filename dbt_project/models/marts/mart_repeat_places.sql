{{ config(meta={'feeds': ['cases']}) }}

-- Places that come back: cells of a thousandth of a degree (111 by 95 metres) with several cases of one category in 30
-- days. Places are measured, nobody is followed. The hundred worst of each date.
with parameters as (
    select max(case when parameter = 'repeat_place_minimum_cases' then value end) as minimum_cases
    from {{ ref('stg_contract_parameters') }}
    where feed = 'cases'
),

days as (
    select d.business_date
    from {{ ref('stg_changed_dates') }} as d
    inner join {{ ref('stg_landing_accounting') }} as a
        on d.business_date = a.business_date
            and a.feed = 'cases'
            and a.accepted > 0
    where substring(d.feed, 1, 1) <> '_'
        and {{ rebuilt('d.business_date') }}
    group by d.business_date
),

cases as (
    select
        filed_date,
        category_code,
        area_code,
        floor(longitude * 1000) as cell_east,
        floor(latitude * 1000) as cell_north,
        closed_date,
        case when outcome in ('false_alarm', 'duplicate') then verified_date end as dismissed_date
    from {{ ref('int_cases') }}
    where longitude is not null
        and latitude is not null
        and {{ case_months('closed_month') }}
),

counted as (
    select
        d.business_date,
        c.cell_east,
        c.cell_north,
        c.category_code,
        max(c.area_code) as area_code,
        count(*) as cases,
        count(*) filter (where c.closed_date is null or c.closed_date > d.business_date) as open_cases
    from days as d
    inner join cases as c
        on d.business_date >= c.filed_date
            and d.business_date <= {{ add_days('c.filed_date', 29) }}
            and (c.dismissed_date is null or d.business_date < c.dismissed_date)
    group by d.business_date, c.cell_east, c.cell_north, c.category_code
),

ranked as (
    select
        c.*,
        row_number() over (
            partition by c.business_date
            order by c.cases desc, c.open_cases desc, c.category_code asc, c.cell_north asc, c.cell_east asc
        ) as place_rank
    from counted as c
    cross join parameters as p
    where c.cases >= p.minimum_cases
)

select
    business_date,
    place_rank,
    area_code,
    category_code,
    (cell_east + 0.5) / 1000 as longitude,
    (cell_north + 0.5) / 1000 as latitude,
    cases,
    open_cases
from ranked
where place_rank <= 100
