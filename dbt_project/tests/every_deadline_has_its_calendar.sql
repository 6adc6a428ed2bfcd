{{ config(severity='error', meta={'owner': 'case handling group'}) }}

-- A deadline needs a year of the work calendar that nobody has entered. Weekdays would be a guess: the year has to be
-- landed as a file of the feed `work_calendar`.
select missing_calendar_year, count(*) as cases, min(filed_date) as first_filed
from {{ ref('int_cases') }}
where deadline_basis = 'calendar_missing'
group by missing_calendar_year
