{{ config(materialized='view') }}

select event_type, domain, name_zh, name_en
from {{ ref('stg_event_types') }}
