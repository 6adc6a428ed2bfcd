{{ config(materialized='table') }}

select feed, business_date, field, reason, refused_rows as rows
from {{ ref('mart_quarantine_reasons') }}
