"""Who did what to which record, when. Rows are only ever added."""
