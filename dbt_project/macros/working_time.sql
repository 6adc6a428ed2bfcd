{#-
    Working seconds of a day of `int_work_clock` that have passed at `seconds` after its midnight: 0 before work and on
    days off, all of them after work. A clock reading is `work_s_before` plus this; it never runs backwards, so a moment
    and its reading can be looked up both ways.
-#}
{% macro worked_seconds(day, seconds) -%}
    case
        when {{ day }}.is_workday
            then greatest(least({{ seconds }}, {{ day }}.ends_1_s) - {{ day }}.starts_1_s, 0)
                + greatest(least({{ seconds }}, {{ day }}.ends_2_s) - {{ day }}.starts_2_s, 0)
        else 0
    end
{%- endmacro %}


{#- Seconds after midnight at which `worked` seconds (above 0) of a working day have passed: the way back. -#}
{% macro moment_of_work(day, worked) -%}
    case
        when {{ worked }} <= {{ day }}.ends_1_s - {{ day }}.starts_1_s then {{ day }}.starts_1_s + {{ worked }}
        else {{ day }}.starts_2_s + {{ worked }} - ({{ day }}.ends_1_s - {{ day }}.starts_1_s)
    end
{%- endmacro %}
