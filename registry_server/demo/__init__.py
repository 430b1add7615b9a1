"""The demo city: Khulna-like figures, simulated readers on real protocol bytes, every case that the rules know.

Nothing here is a person or a real bike: names, chassis and telephone numbers are numbered examples.
"""
