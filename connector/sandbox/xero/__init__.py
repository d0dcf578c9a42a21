"""A stand-in for Xero's accounting API.

Owns what only Xero does. What a stranger would get wrong: the state file, the faults to order, the clock and HTTP
are no part of it; they stand one level up.
"""
