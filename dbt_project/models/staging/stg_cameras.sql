select
    business_date as snapshot_date,
    camera_id,
    township_code,
    longitude,
    latitude,
    kind,
    installed_on,
    retired_on
from {{ source('bronze', 'cameras') }}
