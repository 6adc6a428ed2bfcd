{{ config(materialized='by_case') }}

select
    case_id,
    extended_until,
    min(known_on) as first_known_on
from {{ ref('stg_cases') }}
where extended_until is not null
    and {{ changed_case('case_id') }}
    and {{ told_since('known_on') }}
group by case_id, extended_until
