{{ config(materialized='table') }}

select feed, business_date, received, accepted, quarantined, duplicate, late, files
from {{ ref('mart_data_accounting') }}
