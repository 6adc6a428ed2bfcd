select
    business_date,
    terminal_key,
    truck_key,
    reported_at,
    received_at,
    longitude,
    latitude,
    speed_kmh,
    load_state,
    acc_on,
    is_positioned,
    is_blind_report
from {{ source('bronze', 'truck_gps') }}
