{#- Shanghai's clocks and calendar for the UTC timestamps of the lake. China keeps no summer time since 1991. -#}

{#- The calendar date of a UTC timestamp. -#}
{% macro shanghai_date(utc) -%}
    cast(({{ utc }} + interval '8' hour) as date)
{%- endmacro %}


{#- Seconds since that date's midnight, with fractions. -#}
{% macro shanghai_seconds(utc) -%}
    {{ seconds_between('cast(' ~ shanghai_date(utc) ~ ' as timestamp)', '(' ~ utc ~ " + interval '8' hour)") }}
{%- endmacro %}


{#- The UTC timestamp of a date and seconds since its midnight. -#}
{% macro utc_of_shanghai(day, seconds) -%}
    {{ add_seconds("(cast(" ~ day ~ " as timestamp) - interval '8' hour)", seconds) }}
{%- endmacro %}


{% macro add_seconds(moment, seconds) -%}
    {{ return(adapter.dispatch('add_seconds')(moment, seconds)) }}
{%- endmacro %}

{% macro duckdb__add_seconds(moment, seconds) -%}
    ({{ moment }} + to_microseconds(cast(round(cast({{ seconds }} as double) * 1000000) as bigint)))
{%- endmacro %}

{% macro spark__add_seconds(moment, seconds) -%}
    timestampadd(microsecond, cast(round(cast({{ seconds }} as double) * 1000000) as bigint), {{ moment }})
{%- endmacro %}


{#- The same day of the year before; 28 February for the 29th. -#}
{% macro previous_year(day) -%}
    {{ return(adapter.dispatch('previous_year')(day)) }}
{%- endmacro %}

{% macro duckdb__previous_year(day) -%}
    cast(({{ day }} - interval '1' year) as date)
{%- endmacro %}

{% macro spark__previous_year(day) -%}
    add_months({{ day }}, -12)
{%- endmacro %}
