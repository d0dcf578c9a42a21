"""Who is billed for what: identity, lifecycle, charges and documents, as pure functions over frames.

Nothing here reads a file, a clock or a database: what the ledger knows comes in as frames, what is to be written goes
out as frames. Rating happens between `lifecycle` and `charges`, in the rulebook, which this room does not know.
"""
