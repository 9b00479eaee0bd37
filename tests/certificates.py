"""A private authority and its certificate for loopback, made by openssl."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.programs import program
from tests.servers import HOST

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """The authority's file for clients, and what a server needs."""

    authority: Path
    server: ssl.SSLContext


def made(folder: Path) -> Certificates:
    """Make an authority and a certificate for loopback's address in a folder.

    Raises:
        MissingProgramError: there is no openssl.

    """
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    _openssl(folder, *new, "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
    _openssl(
        folder,
        *(*new, "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=gateway"),
        *("-addext", f"subjectAltName=IP:{HOST}", "-addext", "basicConstraints=critical,CA:FALSE"),
        *("-keyout", "server.key", "-out", "server.pem"),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return Certificates(folder / "ca.pem", context)


def encrypted_key(folder: Path, password: str) -> Path:
    """Encrypt the key of the certificate that :func:`made` made there; return the file."""
    _openssl(folder, "pkey", "-in", "server.key", "-aes256", "-passout", f"pass:{password}", "-out", "encrypted.key")
    return folder / "encrypted.key"


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run((program("openssl"), *arguments), cwd=folder, check=True, capture_output=True)
