select
    business_date,
    receipt_id,
    permit_id,
    truck_key,
    receiving_site_id,
    weighed_at,
    volume_m3,
    mass_t
from {{ source('bronze', 'settlement_receipts') }}
