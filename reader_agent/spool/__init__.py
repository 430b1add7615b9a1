"""The queue on disk between the antennas and the registry."""
