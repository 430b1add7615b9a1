"""`ebike-reader`: look at what readers say, without a checkpoint."""
