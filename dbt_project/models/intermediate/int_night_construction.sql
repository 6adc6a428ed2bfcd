{{
    config(
        meta={
            'feeds': ['detection_events', 'cameras', 'haulage', 'waste_sites', 'night_work_permits'],
            'detail': true
        }
    )
}}

-- Night construction as a camera saw it, against the night-work permits of the construction sites in its reach. One
-- permit in force among them makes it permitted: the camera cannot tell which site it heard. Where no site is in reach,
-- or no permit register in effect, nobody knows: unknown_site, and nobody is accused.
with parameters as (
    select max(case when parameter = 'camera_match_m' then value end) as match_m
    from {{ ref('stg_contract_parameters') }}
    where feed = 'truck_gps'
),

incidents as (
    select
        i.business_date,
        i.incident_id,
        i.area_code,
        i.started_at,
        {{ shanghai_hour('i.started_at') }} as local_hour,
        case when e.longitude is not null and e.latitude is not null then e.longitude else c.longitude end as longitude,
        case when e.longitude is not null and e.latitude is not null then e.latitude else c.latitude end as latitude
    from {{ ref('int_incidents') }} as i
    left join {{ ref('stg_detection_events') }} as e
        on i.business_date = e.business_date
            and i.incident_id = e.event_id
            and e.event_type = 'night_construction'
            and {{ rebuilt('e.business_date') }}
    left join {{ ref('int_camera_days') }} as c
        on i.business_date = c.business_date
            and i.camera_id = c.camera_id
            and {{ rebuilt('c.business_date') }}
    where i.event_type = 'night_construction'
        and {{ rebuilt('i.business_date') }}
),

registers as (
    select
        business_date,
        snapshot_date
    from {{ ref('int_register_days') }}
    where feed = 'night_work_permits'
        and {{ rebuilt('business_date') }}
),

permits as (
    select
        r.business_date,
        n.site_id,
        n.valid_from,
        coalesce(n.valid_until, date '9999-12-30') as valid_until,
        coalesce(n.hour_from, 0) as hour_from,
        coalesce(n.hour_until, 24) as hour_until
    from registers as r
    inner join {{ ref('stg_night_work_permits') }} as n on r.snapshot_date = n.snapshot_date
    where {{ in_effect('n.snapshot_date', 'night_work_permits') }}
),

in_reach as (
    select
        i.business_date,
        i.incident_id,
        i.local_hour,
        s.site_id,
        {{ haversine_km('i.longitude', 'i.latitude', 's.longitude', 's.latitude') }} * 1000 as distance_m
    from incidents as i
    inner join {{ ref('stg_haulage_sites') }} as s
        on i.business_date = s.business_date
            and s.kind = 'construction'
            and {{ rebuilt('s.business_date') }}
    cross join parameters as p
    where {{ haversine_km('i.longitude', 'i.latitude', 's.longitude', 's.latitude') }} * 1000 <= s.radius_m + p.match_m
),

-- A night belongs to the day it begins: its hours after midnight are permitted from the morning after the first day of
-- validity to the morning after the last. Equal hours are the whole day, which has no night that began before it.
permitted as (
    select distinct
        w.business_date,
        w.incident_id,
        w.site_id
    from in_reach as w
    inner join permits as n on w.business_date = n.business_date and w.site_id = n.site_id
    where (
        n.hour_from < n.hour_until
        and w.local_hour >= n.hour_from
        and w.local_hour < n.hour_until
        and w.business_date between n.valid_from and n.valid_until
    )
    or (
        n.hour_from >= n.hour_until
        and (
            (w.local_hour >= n.hour_from and w.business_date between n.valid_from and n.valid_until)
            or (
                w.local_hour < n.hour_until
                and w.business_date between {{ add_days(
                    'n.valid_from', 'case when n.hour_from = n.hour_until then 0 else 1 end'
                ) }} and {{ add_days('n.valid_until', 1) }}
            )
        )
    )
),

sites as (
    select
        w.business_date,
        w.incident_id,
        w.site_id,
        n.site_id is not null as is_permitted,
        row_number() over (
            partition by w.business_date, w.incident_id
            order by case when n.site_id is not null then 0 else 1 end asc, w.distance_m asc, w.site_id asc
        ) as place
    from in_reach as w
    left join permitted as n
        on w.business_date = n.business_date
            and w.incident_id = n.incident_id
            and w.site_id = n.site_id
)

select
    i.business_date,
    i.incident_id,
    i.area_code,
    i.started_at,
    s.site_id,
    case
        when s.site_id is null or r.business_date is null then 'unknown_site'
        when s.is_permitted then 'permitted'
        else 'unpermitted'
    end as state
from incidents as i
left join sites as s
    on i.business_date = s.business_date
        and i.incident_id = s.incident_id
        and s.place = 1
left join registers as r on i.business_date = r.business_date
