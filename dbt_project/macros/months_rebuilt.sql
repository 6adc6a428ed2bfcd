{#-
    Tables by month (`dated_by: month` of the materialization by_date): a changed date rebuilds its whole month, and no
    other. Literals, so that the lake skips the files of other months.
-#}

{#- The first days of the months the dates lie in. -#}
{% macro months_of(dates) -%}
    {%- set months = [] -%}
    {%- for day in dates -%}
        {%- do months.append(day.replace(day=1)) -%}
    {%- endfor -%}
    {{ return(months | unique | sort) }}
{%- endmacro %}


{#- The predicate on a dated relation: every date of the months that are rebuilt. -#}
{% macro months_rebuilt(column) -%}
    {%- if not reads_the_lake() -%}
        true
    {%- else -%}
        {%- set ranges = [] -%}
        {%- for month in months_of(rebuilt_dates(model.config.meta.get('feeds'))) -%}
            {%- set last = (month.replace(day=28) + modules.datetime.timedelta(days=4)).replace(day=1) -%}
            {%- do ranges.append("(" ~ column ~ " >= date '" ~ month ~ "' and " ~ column ~ " < date '" ~ last ~ "')") -%}
        {%- endfor -%}
        {{ '(' ~ ranges | join(' or ') ~ ')' if ranges else 'false' }}
    {%- endif -%}
{%- endmacro %}
