"""Files that a person imports into Xero or QuickBooks Online, for those whose books no program can call."""
