{{ config(meta={'feeds': ['detection_events', 'cameras'], 'detail': true}, partitioned_by='business_date') }}

-- Detections are one incident when they are of one place (camera and event type) and no gap between them is longer than
-- the window, or when they are of one tracked object of that camera, however long it was out of sight. A place where a
-- tracked object stays is occupied from its first to its last detection: what else is seen there meanwhile folds in.
-- A track has no meaning beyond its camera and day, and so an incident never spans business dates.
with parameters as (
    select max(case when parameter = 'incident_window_minutes' then value end) * 60 as window_s
    from {{ ref('stg_contract_parameters') }}
    where feed = 'detection_events'
),

detections as (
    select
        business_date,
        event_id,
        camera_id,
        event_type,
        detected_at,
        area_code,
        algorithm,
        case
            when track_id is null then detected_at
            else max(detected_at) over (partition by business_date, camera_id, event_type, track_id)
        end as present_until
    from {{ ref('int_detections_located') }}
    where {{ rebuilt('business_date') }}
),

-- Sorted once: what each incident needs to know of its end stands in the row that begins the next one.
reached as (
    select
        *,
        max(present_until) over (in_order rows between unbounded preceding and 1 preceding) as occupied_until,
        lag(detected_at) over in_order as seen_before_at,
        row_number() over in_order as place_no,
        count(*) over (partition by business_date, camera_id, event_type) as places,
        max(detected_at) over (partition by business_date, camera_id, event_type) as last_seen_at
    from detections
    window in_order as (partition by business_date, camera_id, event_type order by detected_at, event_id)
),

firsts as (
    select r.*
    from reached as r
    cross join parameters as p
    where r.occupied_until is null
        or {{ seconds_between('r.occupied_until', 'r.detected_at') }} > p.window_s
)

select
    business_date,
    event_id as incident_id,
    camera_id,
    event_type,
    area_code,
    algorithm,
    detected_at as started_at,
    coalesce(lead(seen_before_at) over in_turn, last_seen_at) as ended_at,
    cast(coalesce(lead(place_no) over in_turn, places + 1) - place_no as bigint) as detections
from firsts
window in_turn as (partition by business_date, camera_id, event_type order by place_no)
