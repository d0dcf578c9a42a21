"""QuickBooks Online behind the port: one company. Numbers are no identity there: whoever sends has looked."""
