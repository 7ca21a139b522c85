"""Ed25519 signatures of manifests: who holds the key made the release, and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.files import OWNER, write_atomically
from talentcast.domain.errors import ConfigurationError
from talentcast.key_files import read_key_file
from talentcast.store.failures import storage_failures


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs manifests."""

    key: Ed25519PrivateKey

    @classmethod
    def from_file(cls, path: Path) -> Signer:
        """Read a private key in PEM.

        Raises:
            ConfigurationError: If the file cannot be read, others than its owner may read it, or
                it holds another kind of key.
        """
        try:
            key = serialization.load_pem_private_key(read_key_file(path), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise _unusable(path, error) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _unusable(path, "it is not an Ed25519 private key")
        return cls(key)

    @classmethod
    def configured(cls, path: Path | None) -> Signer | None:
        """Read the key that the settings name, if any."""
        return None if path is None else cls.from_file(path)

    def made(self, manifest_sha256: str | None, signature: str | None) -> bool:
        """Return whether this key signed the manifest."""
        if manifest_sha256 is None or signature is None:
            return False
        return Verifier(self.key.public_key()).accepts(manifest_sha256, signature)

    def sign(self, manifest_sha256: str) -> str:
        """Return the signature of a manifest's hash, in hexadecimal digits."""
        return self.key.sign(manifest_sha256.encode()).hex()


@dataclass(frozen=True, slots=True)
class Verifier:
    """Tells whether a manifest was signed with the key that belongs to it."""

    key: Ed25519PublicKey

    @classmethod
    def from_file(cls, path: Path) -> Verifier:
        """Read a public key in PEM.

        Raises:
            ConfigurationError: If the file cannot be read or holds another kind of key.
        """
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise _unusable(path, error) from None
        if not isinstance(key, Ed25519PublicKey):
            raise _unusable(path, "it is not an Ed25519 public key")
        return cls(key)

    @classmethod
    def configured(cls, path: Path | None) -> Verifier | None:
        """Read the key that the settings name, if any."""
        return None if path is None else cls.from_file(path)

    def accepts(self, manifest_sha256: str, signature: str) -> bool:
        """Return whether the signature is that of the manifest's hash."""
        try:
            self.key.verify(bytes.fromhex(signature), manifest_sha256.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def write_new_key(path: Path) -> Path:
    """Write a new private key to `path`, readable by its owner only, and the public one beside it.

    Returns:
        The path of the public key.

    Raises:
        ConfigurationError: If a file is there already.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(path.name + ".pub")
    for target in (path, public):
        if target.exists():
            raise ConfigurationError(f"{target} exists; a key is never overwritten. Name another.")
    private_bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public_bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with storage_failures(path.parent, parameter="path"):
        write_atomically(path, private_bytes, mode=OWNER)
        write_atomically(public, public_bytes)
    return public


def _unusable(path: Path, why: object) -> ConfigurationError:
    return ConfigurationError(
        f"The signing key {path} cannot be used ({why}). Make one: talentcast releases new-key FILE"
    )
