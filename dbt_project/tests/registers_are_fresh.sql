{{ config(severity='warn', meta={'owner': 'data engineering'}) }}

-- A register older than a week still counts, and somebody should ask where the new one is.
select business_date, feed, snapshot_date
from {{ ref('int_register_days') }}
where {{ rebuilt('business_date') }}
    and {{ add_days('snapshot_date', 7) }} < business_date
