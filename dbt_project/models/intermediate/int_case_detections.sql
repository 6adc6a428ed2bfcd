{{ config(meta={'feeds': ['detection_events', 'cameras', '_case_events'], 'detail': true}) }}

-- A case names the detection it came from; the detection is of the day it was reported, or of the day before where
-- midnight lay between.
select
    d.business_date,
    c.case_id,
    d.event_id,
    d.camera_id,
    d.algorithm,
    d.event_type,
    d.area_code
from {{ ref('int_cases') }} as c
inner join {{ ref('int_detections_located') }} as d
    on c.event_id = d.event_id
        and c.reported_date between d.business_date and {{ add_days('d.business_date', 1) }}
where {{ rebuilt('d.business_date') }}
    and {{ rebuilt_or_day_after('c.reported_date') }}
