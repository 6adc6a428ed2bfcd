{{ config(materialized='view') }}

-- A replayed row has been accepted since and is no longer refused.
select
    q.feed,
    coalesce(q.business_date, f.file_date) as business_date,
    q.field,
    q.reason,
    cast(count(*) as bigint) as refused_rows
from {{ ref('stg_quarantine') }} as q
left join {{ ref('stg_landing_files') }} as f on q.file_sha256 = f.file_sha256 and q.feed = f.feed
where q.state = 'open'
group by q.feed, coalesce(q.business_date, f.file_date), q.field, q.reason
