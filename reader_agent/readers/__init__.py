"""Conversations with readers, and who keeps them up."""
