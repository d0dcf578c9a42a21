"""Which of QuickBooks' totals can be expected.

What a stranger would get wrong: with automated sales tax nobody but the remote knows the tax, so the net must match and
the tax is taken from the reply; elsewhere the tax of a document may be rounded once for each rate or on every line,
which no official text says, so both are known and either is recognised.
"""

from collections.abc import Mapping

from connector.accounting.port import TaxRule
from connector.accounting.settings import Taxation

RULES: Mapping[Taxation, TaxRule] = {"automated": "remote", "manual": "line_or_rate", "global": "line_or_rate"}
