"""QuickBooks Online behind the port: what is computed without a call. Payloads, queries, answers, faults, totals."""
