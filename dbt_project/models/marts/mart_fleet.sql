{{ config(meta={'feeds': ['truck_gps', 'trucks']}) }}

with registers as (
    select business_date
    from {{ ref('int_register_days') }}
    where feed = 'trucks'
        and {{ rebuilt('business_date') }}
)

select
    t.business_date,
    -- Without a register nobody knows how many trucks should report.
    case when max(r.business_date) is not null then cast(count(*) filter (where t.is_approved) as bigint)
    end as trucks_approved,
    cast(count(*) filter (where t.is_approved and t.fixes > 0) as bigint) as trucks_reporting,
    cast(count(*) filter (where not t.is_approved) as bigint) as trucks_unapproved,
    cast(sum(t.fixes) as bigint) as fixes,
    cast(sum(t.drift_fixes) as bigint) as drift_fixes,
    cast(sum(t.observed_reports) as bigint) as observed_reports,
    cast(sum(t.expected_reports) as bigint) as expected_reports,
    round(sum(t.night_km), 3) as night_km
from {{ ref('int_truck_days') }} as t
left join registers as r on t.business_date = r.business_date
where {{ rebuilt('t.business_date') }}
group by t.business_date
