{#-
    Which business dates a run rebuilds, as literals: only constants let the lake skip the files of other dates,
    and that is what makes the cost of a day independent of the days before it.

    pipeline/build.py writes two tables before it starts dbt:
      main.changed_dates(feed, business_date)  what landing changed since the last build that passed
      main.frozen_dates(feed, business_date)   dates whose detail has expired: their history is never rebuilt
    A model that reads detail names its feeds in `meta.feeds` and is rebuilt where one of them changed and none is
    frozen; a model without feeds reads aggregates only and is rebuilt wherever anything changed.
-#}
{% macro rebuilt_dates(feeds=none) -%}
    {%- set told = env_var('YUNJIAN_DBT_DATES', '') -%}
    {%- if told -%}
        {{ return(dates_told(fromjson(told), feeds)) }}
    {%- endif -%}
    {%- set query -%}
        select distinct c.business_date
        from {{ target.database }}.main.changed_dates as c
        where {{ is_one_of('c.feed', feeds) }}
        {%- if feeds %}
            and not exists (
                select 1 from {{ target.database }}.main.frozen_dates as f
                where f.business_date = c.business_date and {{ is_one_of('f.feed', feeds) }}
            )
        {%- endif %}
        order by c.business_date
    {%- endset -%}
    {{ return(run_query(query).columns[0].values() | list) }}
{%- endmacro %}


{#- The same from what pipeline/build.py tells in the environment: to ask the lake cost a sixth of a build. -#}
{% macro dates_told(told, feeds) -%}
    {%- set changed, frozen = [], [] -%}
    {%- for feed, days in told['changed'].items() if (feed in feeds if feeds else not feed.startswith('_')) -%}
        {%- do changed.extend(days) -%}
    {%- endfor -%}
    {%- for feed in feeds or [] -%}
        {%- do frozen.extend(told['frozen'].get(feed, [])) -%}
    {%- endfor -%}
    {%- set dates = [] -%}
    {%- for day in changed | unique | reject('in', frozen) | sort -%}
        {%- do dates.append(modules.datetime.date.fromisoformat(day)) -%}
    {%- endfor -%}
    {{ return(dates) }}
{%- endmacro %}


{% macro is_one_of(column, feeds) -%}
    {%- if feeds -%}
        {{ column }} in ({% for feed in feeds %}'{{ feed }}'{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
        {#- Bookkeeping that changed (accounting, quarantine ...) is no reason to rebuild a date. -#}
        {{ column }} not like '\_%' escape '\'
    {%- endif -%}
{%- endmacro %}


{#- The predicate every model puts on each dated relation it reads: `where {{ rebuilt('e.business_date') }}`. -#}
{% macro rebuilt(column) -%}
    {%- if not reads_the_lake() -%}
        true
    {%- else -%}
        {{ dates_in(column, rebuilt_dates(model.config.meta.get('feeds'))) }}
    {%- endif -%}
{%- endmacro %}


{#- The rebuilt dates, the day before and the day after each: what is compared across midnight. -#}
{% macro beside_or_rebuilt(column) -%}
    {%- if not reads_the_lake() -%}
        true
    {%- else -%}
        {{ dates_in(column, with_days_beside(rebuilt_dates(model.config.meta.get('feeds')))) }}
    {%- endif -%}
{%- endmacro %}


{% macro with_days_beside(dates) -%}
    {%- set wanted = [] -%}
    {%- for day in dates -%}
        {%- for days in (-1, 0, 1) -%}
            {%- do wanted.append(day + modules.datetime.timedelta(days=days)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(wanted | unique | sort) }}
{%- endmacro %}


{#- The same for a register: the snapshots in effect on the dates that are rebuilt, and on those beside them. -#}
{% macro in_effect(column, feed, beside=false) -%}
    {%- if not reads_the_lake() -%}
        true
    {%- else -%}
        {%- set dates = rebuilt_dates(model.config.meta.get('feeds')) -%}
        {%- set query -%}
            select distinct snapshot_date from {{ target.database }}.intermediate.int_register_days
            where feed = '{{ feed }}'
                and {{ dates_in('business_date', with_days_beside(dates) if beside else dates) }}
            order by snapshot_date
        {%- endset -%}
        {{ dates_in(column, run_query(query).columns[0].values() | list) }}
    {%- endif -%}
{%- endmacro %}


{% macro dates_in(column, dates) -%}
    {%- if not dates -%}
        false
    {%- else -%}
        {{ column }} between date '{{ dates | first }}' and date '{{ dates | last }}'
        and {{ column }} in (
            {%- for day in dates %}date '{{ day }}'{{ ', ' if not loop.last }}{% endfor -%}
        )
    {%- endif -%}
{%- endmacro %}


{#- False while parsing, while compiling without a lake, and in unit tests, whose rows are all to be read. -#}
{% macro reads_the_lake() -%}
    {{ return(execute and flags.WHICH in ('build', 'run', 'test') and model.resource_type != 'unit_test') }}
{%- endmacro %}
