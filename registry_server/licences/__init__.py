"""Bikes and the right to use one for a term."""
