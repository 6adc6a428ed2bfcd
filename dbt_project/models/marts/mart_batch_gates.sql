{{ config(materialized='view') }}

select feed, file_sha256, business_date, expectation, consequence, is_success, observed, checked_at
from {{ ref('stg_batch_gates') }}
