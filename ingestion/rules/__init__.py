"""Row rules, compiled from a contract to one typed DuckDB query. See `compiler`."""

from ingestion.rules.checks import Check
from ingestion.rules.compiler import CompiledRules, FileFacts, SourceShape, compile_rules

__all__ = ["Check", "CompiledRules", "FileFacts", "SourceShape", "compile_rules"]
