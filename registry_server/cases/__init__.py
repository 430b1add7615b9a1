"""A person looks at what the machine flagged, and decides: dismiss with a reason, or open a case."""
