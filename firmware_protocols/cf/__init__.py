"""Chafon's CF-M, CF-H and CF-6xx gates and readers with "UHF Prime" firmware (frames that begin with CF).

Sources: "CF-M Gate Reader User Manual" V1.2 and "UHF Prime Reader User Manual" by what others print of them, the maker's `CFApi.h`
(command and status numbers), frames that were sent to and heard from such readers.
"""
