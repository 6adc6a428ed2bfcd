{{ config(materialized='table', alias='event_types') }}

select event_type, domain, name_zh, name_en
from {{ ref('mart_event_types') }}
