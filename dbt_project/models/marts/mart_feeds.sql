{{ config(materialized='view') }}

select feed, version, owner, description, schedule, mode, retention_days, has_personal_data
from {{ ref('stg_feeds') }}
