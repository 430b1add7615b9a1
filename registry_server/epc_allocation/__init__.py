"""Which EPC belongs to which licence, and which chip carries it."""
