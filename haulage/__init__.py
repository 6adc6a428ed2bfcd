"""Haulage: what construction-waste trucks did, measured from their positions. Verdicts are dbt's."""
