"""Taking in a city's existing list of bikes: a CSV file, all of it or nothing."""
