{#- The code of the whole district: what its townships add up to. -#}
{% macro district() -%}
    '{{ var('district_code') }}'
{%- endmacro %}

{#- What is of the district and of none of its townships on the map. Never published: townships and it add up to the
    district, so a small count of it has to be protected as a township's is. -#}
{% macro elsewhere() -%}
    'elsewhere'
{%- endmacro %}
