"""Bytes under a key of their own: whoever erases the key has erased them, in every copy and backup of the ledger too.

A stranger's trap: the name is sealed in with the bytes. Bytes moved to another name do not open.
"""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BITS = 256
_NONCE_BYTES = 12


def seal(name: str, plain: bytes) -> tuple[bytes, bytes]:
    """Encrypt.

    Args:
        name: what the bytes are.
        plain: the bytes.

    Returns:
        a fresh random key, and the sealed bytes.
    """
    key, nonce = AESGCM.generate_key(_KEY_BITS), os.urandom(_NONCE_BYTES)
    return key, nonce + AESGCM(key).encrypt(nonce, plain, name.encode())


def unseal(name: str, key: bytes, sealed: bytes) -> bytes:
    """The bytes that `seal` was given.

    Raises:
        cryptography.exceptions.InvalidTag: another key or name, or the bytes were changed.
    """
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
