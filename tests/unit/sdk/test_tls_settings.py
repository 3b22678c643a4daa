"""TLS is verified unless its frightening name is typed, and files that cannot work are named."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from tundish.errors import Misconfigured
from tundish.sdk import TlsSettings, client_context, server_context, tls_faults


def test_verification_is_on() -> None:
    for settings in (None, TlsSettings()):
        context = client_context(settings)
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert not tls_faults(settings)


def test_skipping_it_shows() -> None:
    settings = TlsSettings(dangerously_skip_verification=True)
    assert client_context(settings).verify_mode is ssl.CERT_NONE
    assert "not verified" in str(tls_faults(settings)[0])


def test_a_key_needs_its_certificate() -> None:
    with pytest.raises(ValidationError, match="without 'certificate'"):
        TlsSettings.model_validate({"key": "/k.pem"})


def test_files_that_are_absent_or_no_certificates_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    for file in (broken, tmp_path / "absent.pem"):
        with pytest.raises(Misconfigured, match=file.name):
            client_context(TlsSettings(ca_file=file))
        with pytest.raises(Misconfigured, match=file.name):
            client_context(TlsSettings(certificate=file))
    with pytest.raises(Misconfigured, match="no certificate"):
        server_context(TlsSettings())
