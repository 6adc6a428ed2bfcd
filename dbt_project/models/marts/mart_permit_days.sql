{{
    config(
        meta={
            'feeds': [
                'haulage', 'truck_gps', 'trucks', 'disposal_permits', 'waste_sites', 'settlement_receipts'
            ]
        }
    )
}}

-- What was hauled, received and settled under each permit on a date; a permit in force without a trip has its zeros. A
-- trip counts on the date it started, a receipt on the date of its weighing. What a site sent without a permit is kept
-- under `none`: it is missing from every permit's balance. A trip whose truck has no known capacity, and a receipt
-- without a volume, are counted as such: their volume is not 0. Where none is known, or nothing has come to count, a
-- volume is NULL.
with permits as (
    select
        d.business_date,
        p.permit_id,
        p.site_id,
        p.receiving_site_id,
        p.carrier,
        p.volume_m3,
        p.valid_from <= d.business_date
        and coalesce(p.valid_until >= d.business_date, true)
        and coalesce(p.revoked_on > d.business_date, true) as is_in_force
    from {{ ref('int_register_days') }} as d
    inner join {{ ref('stg_disposal_permits') }} as p on d.snapshot_date = p.snapshot_date
    where d.feed = 'disposal_permits'
        and {{ rebuilt('d.business_date') }}
        and {{ in_effect('p.snapshot_date', 'disposal_permits') }}
),

-- Taken off where it was loaded, nothing was hauled.
hauled as (
    select
        business_date,
        coalesce(permit_id, 'none') as permit_id,
        case when permit_id is null then origin_site_id end as site_id,
        count(*) as trips,
        count(*) - count(capacity_m3) as unmeasured_trips,
        sum(capacity_m3) as hauled_m3,
        count(*) filter (
            where end_kind = 'unloaded' and destination_site_id = permit_receiving_site_id
        ) as received_trips,
        sum(case
            when end_kind = 'unloaded' and destination_site_id = permit_receiving_site_id then capacity_m3
        end) as received_m3
    from {{ ref('mart_waste_trips') }}
    where verdict <> 'open'
        and (permit_id is not null or origin_site_id is not null)
        and (coalesce(destination_site_id, '') <> coalesce(origin_site_id, '') or origin_site_id is null)
        and {{ rebuilt('business_date') }}
    group by business_date, coalesce(permit_id, 'none'), case when permit_id is null then origin_site_id end
),

settled as (
    select
        business_date,
        coalesce(permit_id, 'none') as permit_id,
        count(*) as receipts,
        count(*) - count(volume_m3) as unmeasured_receipts,
        sum(volume_m3) as receipts_m3
    from {{ ref('stg_settlement_receipts') }}
    where {{ rebuilt('business_date') }}
    group by business_date, coalesce(permit_id, 'none')
),

-- Dates of which positions were processed, or receipts have come: only then is no trip, or no receipt, 0 m3.
tracked as (
    select distinct business_date
    from {{ ref('mart_track_quality') }}
    where {{ rebuilt('business_date') }}
),

receipted as (
    select distinct business_date
    from settled
),

rows_of_permits as (
    select
        business_date, permit_id, site_id, trips, unmeasured_trips, hauled_m3, received_trips, received_m3,
        0 as receipts, 0 as unmeasured_receipts, null as receipts_m3
    from hauled
    union all
    select
        business_date, permit_id, null as site_id, 0 as trips, 0 as unmeasured_trips, null as hauled_m3,
        0 as received_trips, null as received_m3, receipts, unmeasured_receipts, receipts_m3
    from settled
    union all
    select
        business_date, permit_id, null as site_id, 0 as trips, 0 as unmeasured_trips, null as hauled_m3,
        0 as received_trips, null as received_m3, 0 as receipts, 0 as unmeasured_receipts, null as receipts_m3
    from permits
    where is_in_force
),

totals as (
    select
        business_date,
        permit_id,
        site_id,
        sum(trips) as trips,
        sum(unmeasured_trips) as unmeasured_trips,
        sum(hauled_m3) as hauled_m3,
        sum(received_trips) as received_trips,
        sum(received_m3) as received_m3,
        sum(receipts) as receipts,
        sum(unmeasured_receipts) as unmeasured_receipts,
        sum(receipts_m3) as receipts_m3
    from rows_of_permits
    group by business_date, permit_id, site_id
)

select
    t.business_date,
    t.permit_id,
    coalesce(p.site_id, t.site_id, 'unknown') as site_id,
    p.receiving_site_id,
    p.carrier,
    p.volume_m3 as declared_m3,
    cast(t.trips as bigint) as trips,
    cast(t.unmeasured_trips as bigint) as unmeasured_trips,
    cast(
        coalesce(t.hauled_m3, case when t.trips = 0 and h.business_date is not null then 0 end) as double
    ) as hauled_m3,
    cast(t.received_trips as bigint) as received_trips,
    cast(
        coalesce(t.received_m3, case when t.received_trips = 0 and h.business_date is not null then 0 end) as double
    ) as received_m3,
    cast(t.receipts as bigint) as receipts,
    cast(t.unmeasured_receipts as bigint) as unmeasured_receipts,
    cast(
        coalesce(t.receipts_m3, case when t.receipts = 0 and r.business_date is not null then 0 end) as double
    ) as receipts_m3
from totals as t
left join permits as p on t.business_date = p.business_date and t.permit_id = p.permit_id
left join tracked as h on t.business_date = h.business_date
left join receipted as r on t.business_date = r.business_date
