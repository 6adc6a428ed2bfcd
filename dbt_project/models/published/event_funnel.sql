{{ config(meta={'feeds': ['detection_events', 'cameras', 'camera_status', '_case_events']}) }}

select
    business_date, dimension, dimension_code, status, case_status, coverage, detections, incidents, cases, confirmed,
    false_alarms, duplicates, closed, false_alarm_rate, patrol_hours_saved
from {{ ref('mart_event_funnel') }}
where {{ rebuilt('business_date') }}
