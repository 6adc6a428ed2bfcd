"""Parameterised SQL over the published file; each function returns a polars frame whose columns its docstring names."""
