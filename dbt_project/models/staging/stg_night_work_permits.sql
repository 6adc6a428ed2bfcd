select
    business_date as snapshot_date,
    night_permit_id,
    site_id,
    valid_from,
    valid_until,
    hour_from,
    hour_until
from {{ source('bronze', 'night_work_permits') }}
