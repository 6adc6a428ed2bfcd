{{ config(meta={'feeds': ['haulage', 'truck_gps', 'trucks']}) }}

-- What cleaning did with the reports of a date, by rule: shares of all reports of it. `out_of_order` is a note on
-- reports that were kept, and so beside the sum of the others.
with counted as (
    select business_date, rule, fixes, fixes as reports
    from {{ ref('stg_haulage_fix_counts') }}
    where {{ rebuilt('business_date') }}
    union all
    select business_date, rule, fixes, 0 as reports
    from {{ ref('stg_haulage_fix_notes') }}
    where {{ rebuilt('business_date') }}
),

totals as (
    select
        business_date,
        sum(reports) as reports
    from counted
    group by business_date
)

select
    c.business_date,
    c.rule,
    cast(sum(c.fixes) as bigint) as fixes,
    sum(c.fixes) / cast(nullif(max(t.reports), 0) as double) as share
from counted as c
inner join totals as t on c.business_date = t.business_date
group by c.business_date, c.rule
