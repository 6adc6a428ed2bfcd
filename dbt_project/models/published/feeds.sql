{{ config(materialized='table') }}

select feed, version, owner, description, schedule, mode, retention_days, has_personal_data as personal_data
from {{ ref('mart_feeds') }}
