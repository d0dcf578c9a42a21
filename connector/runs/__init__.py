"""The flows: plan, approve, push, tie out, explain; and the wiring of the concrete parts.

What the doors call is in the modules of these names. Django finds this package's models in `models`.
"""
