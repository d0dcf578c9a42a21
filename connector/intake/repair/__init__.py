"""Repair: a person's own file comes back with its faults marked, so that the way to a clean one is short.

A workbook's archive is patched, never written anew: what is not marked stays as it was, byte for byte. The parts
of this package that touch an uploaded archive run in the guarded reading process only.
"""
