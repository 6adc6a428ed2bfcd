{{ config(materialized='view') }}

-- A replayed row has been accepted since and is no longer refused.
-- One file's bytes may have landed under several dates: a register that did not change from one day to the next.
with file_dates as (
    select
        feed,
        file_sha256,
        min(file_date) as file_date
    from {{ ref('stg_landing_files') }}
    group by feed, file_sha256
)

select
    q.feed,
    coalesce(q.business_date, f.file_date) as business_date,
    q.field,
    q.reason,
    cast(count(*) as bigint) as refused_rows
from {{ ref('stg_quarantine') }} as q
left join file_dates as f on q.file_sha256 = f.file_sha256 and q.feed = f.feed
where q.state = 'open'
group by q.feed, coalesce(q.business_date, f.file_date), q.field, q.reason
