"""Readers that play a keyboard: they type the EPC in hex and press Enter. The last resort.

No checksum: a key lost or doubled changes the EPC unnoticed unless it spoils its length. No time, no strength, no antenna, no TID, no
sign of life. What they read is a hint to look, no evidence. Source: published descriptions of desk readers (no maker's document).
"""
