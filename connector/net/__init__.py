"""The way to other machines: one exchange at a time, sent at most once. Only `http` knows requests."""
