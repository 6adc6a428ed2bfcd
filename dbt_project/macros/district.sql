{#- The code of the whole district: what its townships add up to. -#}
{% macro district() -%}
    '{{ var('district_code') }}'
{%- endmacro %}
