-- A gap that went on after midnight has a row of either date's processing; the latest counts. The date is part of its
-- identity, so that a predicate on it reaches the files and the lake skips those of other dates.
with told as (
    select
        processed_date,
        business_date,
        gap_id,
        started_at,
        ended_at,
        gap_s,
        was_loaded,
        after_power_off,
        trip_id,
        is_open,
        row_number() over (partition by business_date, gap_id order by processed_date desc) as newest
    from {{ source('haulage', 'haulage_gaps') }}
)

select
    processed_date,
    business_date,
    gap_id,
    started_at,
    ended_at,
    gap_s,
    was_loaded,
    after_power_off,
    trip_id,
    is_open
from told
where newest = 1
