"""Measurements. Each prints its peer beside it, in the same run."""
