{#- Which dimension a row of the grouping sets over cases is of. -#}
{% macro case_dimension() -%}
    case
        when grouping(area_code) = 0 then 'township'
        when grouping(unit_code) = 0 then 'unit'
        when grouping(category_code) = 0 then 'category'
        when grouping(source) = 0 then 'source'
        else 'district'
    end
{%- endmacro %}


{#- A group of cases without a value of the dimension (no township of the map, no unit yet): in the district's row alone. -#}
{% macro is_rest_of_dimension() -%}
    (
        (grouping(area_code) = 0 and area_code is null)
        or (grouping(unit_code) = 0 and unit_code is null)
        or (grouping(category_code) = 0 and category_code is null)
        or (grouping(source) = 0 and source is null)
    )
{%- endmacro %}


{#-
    The months of closing (or of a later verification) that figures of the rebuilt dates can depend on: from the first
    month of the first window on, and the open cases. Literals, so that the lake passes over the files of what ended
    before.
-#}
{% macro case_months(column) -%}
    {%- set dates = rebuilt_dates(model.config.meta.get('feeds')) if reads_the_lake() else [] -%}
    {%- if not reads_the_lake() -%}
        true
    {%- elif not dates -%}
        false
    {%- else -%}
        {{ column }} >= date '{{ (dates | first - modules.datetime.timedelta(days=29)).strftime('%Y-%m-01') }}'
    {%- endif -%}
{%- endmacro %}


{#- The rebuilt dates and those their figures are compared with: the period before, and the same day a year before. -#}
{% macro compared_or_rebuilt(column) -%}
    {%- if not reads_the_lake() -%}
        true
    {%- else -%}
        {%- set wanted = [] -%}
        {%- for day in rebuilt_dates(model.config.meta.get('feeds')) -%}
            {%- do wanted.append(day) -%}
            {%- for days in (1, 7, 30) -%}
                {%- do wanted.append(day - modules.datetime.timedelta(days=days)) -%}
            {%- endfor -%}
            {%- set leaps = day.month == 2 and day.day == 29 -%}
            {%- do wanted.append(day.replace(year=day.year - 1, day=28 if leaps else day.day)) -%}
        {%- endfor -%}
        {{ dates_in(column, wanted | unique | sort) }}
    {%- endif -%}
{%- endmacro %}


{#- The rebuilt dates and the days after them. -#}
{% macro rebuilt_or_day_after(column) -%}
    {%- if not reads_the_lake() -%}
        true
    {%- else -%}
        {%- set wanted = [] -%}
        {%- for day in rebuilt_dates(model.config.meta.get('feeds')) -%}
            {%- do wanted.append(day) -%}
            {%- do wanted.append(day + modules.datetime.timedelta(days=1)) -%}
        {%- endfor -%}
        {{ dates_in(column, wanted | unique | sort) }}
    {%- endif -%}
{%- endmacro %}


{#- The rebuilt dates and the 29 days before each: the windows of 30 days that end on them. -#}
{% macro windows_rebuilt(column) -%}
    {%- set dates = rebuilt_dates(model.config.meta.get('feeds')) if reads_the_lake() else [] -%}
    {%- if not reads_the_lake() -%}
        true
    {%- elif not dates -%}
        false
    {%- else -%}
        {{ column }} between date '{{ dates | first - modules.datetime.timedelta(days=29) }}' and date '{{ dates | last }}'
    {%- endif -%}
{%- endmacro %}
