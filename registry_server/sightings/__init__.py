"""What agents report: batches, sightings, and the passages they amount to."""
