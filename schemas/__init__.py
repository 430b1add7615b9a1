"""Value types and message contracts that every process shares.

Nothing here does I/O, and nothing here imports another of our packages. A value is parsed once, at the edge,
and trusted everywhere else.
"""
