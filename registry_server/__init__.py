"""The registry: owners, bikes, licences, plates and tags; what passed the checkpoints; what was found not legal.

A feature is a folder with `models, states, rules, service, queries, routes`. Read `docs/reading-order.md` first.
"""
