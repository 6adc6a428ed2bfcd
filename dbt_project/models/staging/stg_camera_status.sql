select
    business_date,
    camera_id,
    hour as hour_at,
    online_seconds
from {{ source('bronze', 'camera_status') }}
