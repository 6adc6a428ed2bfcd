{#- Each row has its key, and no key comes twice. Of dated models only the rebuilt dates are read. -#}
{% test grain(model, columns, dated=true) %}
select {{ columns | join(', ') }}, count(*) as rows_with_this_key
from {{ model }}
where {{ rebuilt('business_date') if dated else 'true' }}
group by {{ columns | join(', ') }}
having count(*) > 1
    {% for column in columns %}or {{ column }} is null {% endfor %}
{% endtest %}
