"""From antennas to sightings: pure rules, no line and no clock."""
