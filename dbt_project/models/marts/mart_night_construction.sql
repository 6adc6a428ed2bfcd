{{ config(meta={'feeds': ['detection_events', 'cameras', 'haulage', 'waste_sites', 'night_work_permits']}) }}

with areas as (
    select business_date, area_code, state
    from {{ ref('int_night_construction') }}
    where area_code is not null
        and {{ rebuilt('business_date') }}
    union all
    select business_date, {{ district() }} as area_code, state
    from {{ ref('int_night_construction') }}
    where {{ rebuilt('business_date') }}
)

select
    business_date,
    area_code,
    cast(count(*) as bigint) as incidents,
    cast(count(*) filter (where state = 'permitted') as bigint) as permitted,
    cast(count(*) filter (where state = 'unpermitted') as bigint) as unpermitted,
    cast(count(*) filter (where state = 'unknown_site') as bigint) as unknown_site
from areas
group by business_date, area_code
