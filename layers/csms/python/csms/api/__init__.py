"""The operator API: JSON over HTTP (DESIGN §9). Not imported by the functions that talk to charge points.

A request passes `handler` (the one boundary for what nobody foresaw) and `resolver` (finds the route, asks `scopes`
whether the caller may), then reaches a function of `resources`: one module per resource, found by itself. What can go
wrong is in `problems`.
"""
