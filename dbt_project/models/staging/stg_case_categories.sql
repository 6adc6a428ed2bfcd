select
    code as category_code,
    class_zh,
    class_en,
    name_zh,
    name_en,
    event_type,
    list_version
from {{ ref('case_categories') }}
