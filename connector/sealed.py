"""Bytes sealed under a key: one cipher for the whole program, AES-256-GCM with a random nonce before the bytes.

A stranger's trap: the name is sealed in with the bytes. Bytes moved to another name do not open. And who keeps the key
is not decided here: what must be forgotten one day has a key of its own, what must not be read has a key kept apart.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12


class UnsealError(Exception):
    """The bytes do not open: another key or name, or they were changed."""


def new_key() -> bytes:
    """A fresh random key."""
    return AESGCM.generate_key(8 * KEY_BYTES)


def seal(name: str, key: bytes, plain: bytes) -> bytes:
    """Encrypt.

    Args:
        name: what the bytes are.
        key: 32 bytes.
        plain: the bytes.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, name.encode())


def unseal(name: str, key: bytes, sealed: bytes) -> bytes:
    """The bytes that `seal` was given.

    Raises:
        UnsealError: another key or name, or the bytes were changed.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
    except (InvalidTag, ValueError):  # the latter where there are fewer bytes than a nonce takes
        raise UnsealError from None
