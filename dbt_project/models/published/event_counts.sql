select business_date, area_code, event_type, detections, incidents
from {{ ref('mart_event_counts') }}
where {{ rebuilt('business_date') }}
