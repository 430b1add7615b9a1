"""Compares each passage with what is registered and says which ones a person should look at."""
