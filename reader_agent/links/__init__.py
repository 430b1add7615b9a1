"""The lines to readers: bytes in, bytes out, and one error when the line is gone."""
