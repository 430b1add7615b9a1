"""What passes the checkpoints now: a live page, and the same feed for programs."""
