"""Addresses in `connector.yaml`."""

from connector.declared import Node, Reader

_THIS_MACHINE = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")


def read_url(reader: Reader, node: Node, what: str) -> str:
    """An address without a slash at its end: https, or on this machine plain http too."""
    url = reader.text(node, what) or ""
    if url and not url.startswith(("https://", *_THIS_MACHINE)):
        reader.fault(node, f"{what} must begin with https://", "Plain http is allowed to this machine itself only.")
    return url.rstrip("/")
