{{ config(materialized='view') }}

-- Rows whose own date could not be read count under the date of their file.
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
    a.feed,
    coalesce(a.business_date, f.file_date) as business_date,
    cast(sum(a.received) as bigint) as received,
    cast(sum(a.accepted) as bigint) as accepted,
    cast(sum(a.quarantined) as bigint) as quarantined,
    cast(sum(a.duplicate) as bigint) as duplicate,
    cast(sum(a.late) as bigint) as late,
    cast(count(distinct a.file_sha256) as bigint) as files
from {{ ref('stg_landing_accounting') }} as a
left join file_dates as f on a.file_sha256 = f.file_sha256 and a.feed = f.feed
group by a.feed, coalesce(a.business_date, f.file_date)
