"""Frames that were harmed in every way that a line, a reader or a stranger could think of, fed to every codec."""
