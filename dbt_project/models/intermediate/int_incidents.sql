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

reached as (
    select
        *,
        max(present_until) over (
            partition by business_date, camera_id, event_type order by detected_at, event_id
            rows between unbounded preceding and 1 preceding
        ) as occupied_until
    from detections
),

marked as (
    select
        r.*,
        case
            when r.occupied_until is null then 1
            when {{ seconds_between('r.occupied_until', 'r.detected_at') }} > p.window_s then 1
            else 0
        end as is_first
    from reached as r
    cross join parameters as p
),

numbered as (
    select
        *,
        sum(is_first) over (
            partition by business_date, camera_id, event_type order by detected_at, event_id
            rows between unbounded preceding and current row
        ) as fold_no
    from marked
)

select
    business_date,
    max(case when is_first = 1 then event_id end) as incident_id,
    camera_id,
    event_type,
    max(case when is_first = 1 then area_code end) as area_code,
    max(case when is_first = 1 then algorithm end) as algorithm,
    min(detected_at) as started_at,
    max(detected_at) as ended_at,
    cast(count(*) as bigint) as detections
from numbered
group by business_date, camera_id, event_type, fold_no
