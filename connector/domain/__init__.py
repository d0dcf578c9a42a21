"""Nouns and arithmetic of partner billing: the standard library and the currency library only."""
