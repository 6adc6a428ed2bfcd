{{ config(dated_by='month') }}

select
    month, permit_id, site_id, receiving_site_id, carrier, declared_m3, trips, unmeasured_trips, hauled_m3,
    received_trips, received_m3, receipts, unmeasured_receipts, receipts_m3, difference_m3, difference_share,
    difference_rank
from {{ ref('mart_mass_balance') }}
where {{ months_rebuilt('month') }}
