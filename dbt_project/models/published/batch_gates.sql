{{ config(materialized='table') }}

select feed, business_date, expectation, consequence, is_success as success, observed
from {{ ref('mart_batch_gates') }}
