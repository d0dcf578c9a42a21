"""Where the rule files name what stands on lines and who sells, for checks that look across rooms."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.declared import ListNode, MapNode, Node, Reader, ScalarNode
from connector.domain.places import Line
from connector.rulebook.sources import Sources


@dataclass(frozen=True)
class Named:
    """A name in a rule file: the node that says it, and the reader that notes faults there."""

    node: Node | Line
    reader: Reader


def item_nodes(sources: Sources) -> Mapping[str, Named]:
    """Rule id → where it says the item of its charge."""
    found = {}
    for section in sources.of("rules"):
        listed = section.root.entries["rules"]
        for rule in listed.items if isinstance(listed, ListNode) else ():
            said = rule.entries if isinstance(rule, MapNode) else {}
            charge, name = said.get("charge"), said.get("id")
            if isinstance(charge, MapNode) and isinstance(name, ScalarNode) and "item" in charge.entries:
                found[name.text] = Named(charge.entries["item"], section.reader)
    return found


def entity_places(sources: Sources) -> Mapping[str, Named]:
    """Selling entity → where it is declared."""
    return {
        name: Named(place, section.reader)
        for section in sources.of("entities")
        if isinstance(node := section.root.entries["entities"], MapNode)
        for name, place in node.key_places.items()
    }
