{{ config(severity='warn', meta={'owner': 'case handling group'}) }}

-- Such cases count, and their deadline is that of the categories without a rule of their own.
select c.category_code, count(*) as cases, min(c.filed_date) as first_filed
from {{ ref('int_cases') }} as c
left join {{ ref('case_categories') }} as k on c.category_code = k.code
where k.code is null
    and c.closed_month = date '9999-12-01'
group by c.category_code
