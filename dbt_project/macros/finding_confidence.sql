{#-
    How sure a finding is. `is_weak`: what it rests on may as well be a fault (no alarm before a silence, a place beside
    a site, a second truck in sight): low, which accuses nobody. `is_sure`: it rests on the load sensor and on the fence
    of a site; with nine of ten fixes seen that is high. All else is medium.
-#}
{% macro finding_confidence(is_weak, is_sure, coverage) -%}
    case
        when coalesce({{ is_weak }}, true) then 'low'
        when coalesce({{ is_sure }}, false) and {{ coverage }} >= {{ var('high_confidence_coverage') }} then 'high'
        else 'medium'
    end
{%- endmacro %}
