"""Charts: data frame in, Altair chart (or SVG) out; no queries, no Streamlit state."""
