-- A register (cameras, trucks, population) says what was true from its date until its next snapshot.
with days as (
    select distinct business_date
    from {{ ref('stg_changed_dates') }}
    where substring(feed, 1, 1) <> '_'
),

snapshots as (
    select
        a.feed,
        a.business_date as snapshot_date
    from {{ ref('stg_landing_accounting') }} as a
    inner join {{ ref('stg_feeds') }} as f on a.feed = f.feed
    where f.mode = 'snapshot'
    group by a.feed, a.business_date
    having sum(a.accepted) > 0
)

select
    d.business_date,
    s.feed,
    max(s.snapshot_date) as snapshot_date
from days as d
inner join snapshots as s on d.business_date >= s.snapshot_date
where {{ rebuilt('d.business_date') }}
group by d.business_date, s.feed
