-- Counts need neither the pseudonym of a person nor sex and birth year: what is not needed does not leave bronze.
select
    business_date as snapshot_date,
    household_type,
    township_code,
    valid_until,
    status
from {{ source('bronze', 'population_records') }}
