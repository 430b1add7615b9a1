"""Plates, cards and tags: what is ordered to be made, and what the desk reports."""
