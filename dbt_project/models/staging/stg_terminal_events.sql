select
    business_date,
    terminal_key,
    occurred_at,
    received_at,
    longitude,
    latitude,
    speed_kmh,
    alarm_bits,
    status_bits
from {{ source('bronze', 'terminal_events') }}
