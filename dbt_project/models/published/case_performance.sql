select
    business_date, period, dimension, dimension_code, name_zh, name_en, status, coverage, filed, due, closed,
    due_closed, due_on_time, open_cases, overdue, closing_rate, on_time_rate, on_time_rate_filed, rework_rate,
    extension_rate, hand_back_rate, suspension_rate, median_handling_hours, p90_handling_hours, tail_rank,
    previous_period_filed, previous_period_closing_rate, previous_period_on_time_rate, previous_period_overdue,
    previous_year_filed, previous_year_closing_rate, previous_year_on_time_rate, previous_year_overdue, rule_version
from {{ ref('mart_case_performance') }}
where {{ rebuilt('business_date') }}
