{{ config(dated_by='month') }}

-- The balance of each permit from the first of the month on: what it declares, what its trucks hauled (trips times
-- capacity), what of it reached the receiving site, and what was settled there. The register of the latest date says
-- what is declared, and where: a permit that left the register on the way, or moved to another site, is one balance all
-- the same. Ranked by the difference between hauled and settled, whichever way it points. Volumes are those known;
-- beside them stands how many trips and receipts have none. Where all lack one, the volume is NULL, and so is the
-- difference.
with months as (
    select
        cast(date_trunc('month', business_date) as date) as month,
        permit_id,
        coalesce(max_by(site_id, business_date) filter (where site_id <> 'unknown'), 'unknown') as site_id,
        max_by(receiving_site_id, business_date) as receiving_site_id,
        max_by(carrier, business_date) as carrier,
        max_by(declared_m3, business_date) as declared_m3,
        -- The zeros of idle days make no volume of trips that have none.
        cast(sum(trips) as bigint) as trips,
        cast(sum(unmeasured_trips) as bigint) as unmeasured_trips,
        case
            when sum(trips) = 0 or sum(trips) filter (where hauled_m3 is not null) > 0
                then round(sum(hauled_m3), 3)
        end as hauled_m3,
        cast(sum(received_trips) as bigint) as received_trips,
        case
            when sum(received_trips) = 0 or sum(received_trips) filter (where received_m3 is not null) > 0
                then round(sum(received_m3), 3)
        end as received_m3,
        cast(sum(receipts) as bigint) as receipts,
        cast(sum(unmeasured_receipts) as bigint) as unmeasured_receipts,
        case
            when sum(receipts) = 0 or sum(receipts) filter (where receipts_m3 is not null) > 0
                then round(sum(receipts_m3), 3)
        end as receipts_m3
    from {{ ref('mart_permit_days') }}
    where {{ months_rebuilt('business_date') }}
    group by cast(date_trunc('month', business_date) as date), permit_id, case when permit_id = 'none' then site_id end
)

select
    month,
    permit_id,
    site_id,
    receiving_site_id,
    carrier,
    declared_m3,
    trips,
    unmeasured_trips,
    hauled_m3,
    received_trips,
    received_m3,
    receipts,
    unmeasured_receipts,
    receipts_m3,
    round(hauled_m3 - receipts_m3, 3) as difference_m3,
    round((hauled_m3 - receipts_m3) / nullif(hauled_m3, 0), 6) as difference_share,
    cast(row_number() over (
        partition by month order by abs(hauled_m3 - receipts_m3) desc nulls last, permit_id asc, site_id asc
    ) as bigint) as difference_rank
from months
