-- Where and at what hour loads were taken off outside every site: cells of a thousandth of a degree, no truck.
with dumps as (
    select
        t.business_date,
        t.trip_id,
        t.unloaded_longitude as longitude,
        t.unloaded_latitude as latitude,
        t.unloaded_hour as local_hour,
        f.confidence
    from {{ ref('int_trip_findings') }} as f
    inner join {{ ref('mart_waste_trips') }} as t
        on f.business_date = t.business_date
            and f.trip_id = t.trip_id
            and {{ rebuilt('t.business_date') }}
    where f.finding = 'suspected_dump'
        and f.confidence <> 'low'
        and {{ rebuilt('f.business_date') }}
),

located as (
    {{ township_lookup('dumps', cells=ref('stg_geography_cells'), edges=ref('stg_geography_edges')) }}
)

select
    business_date,
    longitude,
    latitude,
    coalesce(max(area_code), {{ district() }}) as area_code,
    local_hour as shanghai_hour,
    cast(count(*) as bigint) as dumps,
    case when max(case confidence when 'high' then 1 else 0 end) = 1 then 'high' else 'medium' end as confidence
from located
group by business_date, longitude, latitude, local_hour
