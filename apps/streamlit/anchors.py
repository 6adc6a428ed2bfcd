"""Places within a page that a link may name, and the way there."""

from __future__ import annotations

import re

# Goes once more to the place that the address names, when all is laid out. A constant: no word of the published file
# may stand in a script.
GO_TO_LINKED = """<script>
    const linked = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (linked) requestAnimationFrame(() => linked.scrollIntoView());
</script>"""
_NO_ANCHOR = re.compile(r"[^\w-]+")


def anchor(code: str) -> str:
    """The anchor of something that has a code."""
    return _NO_ANCHOR.sub("-", code)
