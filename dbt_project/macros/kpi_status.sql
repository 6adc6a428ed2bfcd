{#- What may be shown of a measure under a rule: the one place that decides it, for values and for proposed rules alike. -#}
{% macro kpi_status(measured, floor) -%}
    case
        when {{ measured }}.is_suppressed then 'suppressed_small_count'
        when {{ measured }}.value is null and {{ floor }} is not null and {{ measured }}.coverage < {{ floor }}
            -- A coverage of 0 says that there was something to measure (trips, and none could be judged), though the
            -- denominator of what was is 0; where there was nothing, coverage is unknown or not 0.
            and ({{ measured }}.denominator > 0 or ({{ measured }}.denominator = 0 and {{ measured }}.coverage = 0))
            then 'withheld_low_coverage'
        when {{ measured }}.value is null then 'no_data'
        -- Unknown coverage cannot be shown to reach the floor.
        when {{ floor }} is not null and coalesce({{ measured }}.coverage, 0) < {{ floor }}
            then 'withheld_low_coverage'
        else 'ok'
    end
{%- endmacro %}
