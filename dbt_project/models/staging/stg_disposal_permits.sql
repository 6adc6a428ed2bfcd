select
    business_date as snapshot_date,
    permit_id,
    site_id,
    carrier,
    receiving_site_id,
    volume_m3,
    valid_from,
    valid_until,
    hour_from,
    hour_until,
    route,
    truck_keys,
    revoked_on
from {{ source('bronze', 'disposal_permits') }}
