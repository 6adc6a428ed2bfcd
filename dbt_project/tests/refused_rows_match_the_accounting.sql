{{ config(severity='warn', meta={'owner': 'data engineering'}) }}

with refused as (
    select feed, sum(rows) as refused_rows
    from {{ ref('quarantine_reasons') }}
    group by feed
),

accounted as (
    select feed, sum(quarantined) as quarantined
    from {{ ref('data_accounting') }}
    group by feed
)

select a.feed, a.quarantined, r.refused_rows
from accounted as a
full outer join refused as r on a.feed = r.feed
where coalesce(a.quarantined, 0) <> coalesce(r.refused_rows, 0)
