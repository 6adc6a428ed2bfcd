{{ config(meta={'feeds': ['_case_windows']}) }}

select business_date, camera_id, cases, verified, false_alarms, false_alarm_rate
from {{ ref('mart_cameras_to_recalibrate') }}
where {{ rebuilt('business_date') }}
