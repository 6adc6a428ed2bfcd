{{ config(severity='warn', meta={'owner': 'case handling group'}) }}

-- A month before the work calendar ends somebody has to enter the next year: from then on deadlines need it.
select c.latest_filed, w.entered_until
from (select max(filed_date) as latest_filed from {{ ref('int_cases') }}) as c
cross join (select max(calendar_date) as entered_until from {{ ref('int_work_clock') }}) as w
where {{ add_days('c.latest_filed', 30) }} > w.entered_until
