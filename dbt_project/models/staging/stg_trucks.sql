select
    business_date as snapshot_date,
    truck_key,
    terminal_key,
    carrier,
    approved_on,
    valid_until,
    capacity_m3
from {{ source('bronze', 'trucks') }}
