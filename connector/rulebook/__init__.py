"""The rulebook: from the accountants' YAML to a proved decision table, and from events to rated charges.

A stranger's trap: the rule engine is asked when rules are loaded, once for each cell, never when rows arrive.
"""

from connector.rulebook.book import Rulebook
from connector.rulebook.kinds import KINDS
from connector.rulebook.loading import Examined, examine, load

__all__ = ["KINDS", "Examined", "Rulebook", "examine", "load"]
