"""Rule 11: whom we believe, who we are, and what an operator does about it; against node-opcua with encryption."""

from __future__ import annotations

import asyncio
import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.conformance.stand import RecordingIntake, Stand
from tests.integration.connectors.opcua.plc import Plc, plc, received, values
from tundish.cli.terminal.ending import run
from tundish.errors import AuthFailed, Misconfigured

pytestmark = pytest.mark.anyio
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
URI = "urn:test:secure"


def certificate(
    folder: Path,
    name: str,
    *,
    issuer: str | None = None,
    days: int = 10,
    uri: str = URI,
    host: str = "127.0.0.1",
) -> Path:
    """A certificate with the one key of this file, signed by another one of it or by itself; a PEM file."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by = subject if issuer is None else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    until = datetime.now(UTC) + timedelta(days=days)
    is_authority = name.endswith("authority")
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri), x509.IPAddress(ipaddress.ip_address(host))]
    usage = dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)
    usage |= dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_cert_sign"), True
    )
    made = (
        x509.CertificateBuilder(by, subject, KEY.public_key(), x509.random_serial_number())
        .not_valid_before(until - timedelta(days=20))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.KeyUsage(crl_sign=is_authority, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(KEY, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return file


def key_file(folder: Path) -> Path:
    """The private key of all of them."""
    file = folder / "key.pem"
    file.write_bytes(
        KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


def secured(site: Plc, trust: Path, **settings: object) -> Stand:
    """A source with encryption."""
    there = {"endpoint": site.server.endpoint, "trust": str(trust), "structures": False, **settings}
    return site.source(["ns=1;s=Count"], there)


async def test_an_operator_trusts_a_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, trust = tmp_path / "own", tmp_path / "trust"
    folder.mkdir()
    file = certificate(folder, "plc")
    async with plc(tmp_path, secure=True, certificate=str(file), key=str(key_file(folder)), uri=URI) as site:
        source, intake = secured(site, trust), RecordingIntake()
        with pytest.raises(AuthFailed, match=r"'plc' .* is not trusted; .* run: tundish opcua trust opcua"):
            await source.open()
        await source.close()
        assert [kept.suffix for kept in (trust / "rejected").iterdir()] == [".der"]
        assert run(["opcua", "trust", "opcua", "--folder", str(trust)]) == 0
        shown = capsys.readouterr().out.split()
        assert shown[1] == "rejected"
        assert run(["opcua", "trust", "opcua", shown[2], "--folder", str(trust)]) == 0
        assert run(["opcua", "trust", "opcua", "ffff", "--folder", str(trust)]) != 0
        assert "no rejected certificates of 'opcua' begin with ffff" in capsys.readouterr().err
        await source.open()
        source.run(intake)
        await received(intake, 1)
        # Its own certificate was made at first use, and expires some years later.
        assert (trust / "own.key.pem").stat().st_mode & 0o077 == 0
        (fault,) = await source.connection.check()
        assert f"{file.stem}-" in fault.text
        assert "expires on" in fault.text
        await source.close()
        for policy, mode in (("Aes256Sha256RsaPss", "SignAndEncrypt"), ("Basic256Sha256", "Sign")):
            other = secured(site, trust, security=policy, mode=mode)
            await other.open()
            await other.close()
        with pytest.raises(Misconfigured, match=r"does not offer Aes128Sha256RsaOaep .*, only .*Basic256Sha256 with"):
            await secured(site, trust, security="Aes128Sha256RsaOaep").open()
        with pytest.raises(Misconfigured, match="does not offer none"):
            await secured(site, trust, security="none").open()


@pytest.mark.parametrize(
    ("server", "trusted", "fault"),
    [
        ({"name": "plc", "issuer": "authority"}, "authority", ""),
        ({"name": "plc", "issuer": "authority"}, "another-authority", "is not trusted"),
        ({"name": "plc", "issuer": "authority", "host": "127.0.0.9"}, "authority", "is not for 127.0.0.1"),
        ({"name": "plc", "host": "127.0.0.9"}, "plc", ""),
        ({"name": "plc", "days": -1}, "plc", "has expired on"),
        ({"name": "plc", "days": 19, "uri": "urn:somebody:else"}, "plc", "is not for the application urn:test:secure"),
    ],
    ids=["authority", "wrong authority", "wrong host", "pinned", "expired", "wrong application"],
)
async def test_whom_we_believe(tmp_path: Path, server: dict[str, object], trusted: str, fault: str) -> None:
    folder, trust = tmp_path / "own", tmp_path / "trust"
    folder.mkdir()
    (trust / "trusted").mkdir(parents=True)
    authority = certificate(folder, "authority")
    other = certificate(folder, "another-authority")
    file = certificate(folder, **server)  # type: ignore[arg-type] # parametrized
    chosen = {"authority": authority, "another-authority": other, "plc": file}[trusted]
    (trust / "trusted" / "chosen.pem").write_bytes(chosen.read_bytes())
    async with plc(tmp_path, secure=True, certificate=str(file), key=str(key_file(folder)), uri=URI) as site:
        source = secured(site, trust)
        if fault:
            with pytest.raises(AuthFailed, match=fault):
                await source.open()
            assert list((trust / "rejected").iterdir()) or trusted == "plc"
        else:
            await source.open()


async def test_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGHT", "right")
    monkeypatch.setenv("WRONG", "wrong")
    folder, trust = tmp_path / "own", tmp_path / "trust"
    folder.mkdir()
    (trust / "trusted").mkdir(parents=True)
    file = certificate(folder, "plc")
    (trust / "trusted" / "plc.pem").write_bytes(file.read_bytes())
    options = {"certificate": str(file), "key": str(key_file(folder)), "uri": URI, "users": {"tundish": "right"}}
    async with plc(tmp_path, secure=True, **options) as site:
        with pytest.raises(
            AuthFailed, match="takes no user of the kind Anonymous with this security, only Certificate, UserName"
        ):
            await secured(site, trust).open()
        with pytest.raises(AuthFailed, match="refused the user: BadUserAccessDenied"):
            await secured(site, trust, username="tundish", password="env:WRONG").open()
        source = secured(site, trust, username="tundish", password="env:RIGHT")
        intake = RecordingIntake()
        for number in range(2):
            await source.open()
            source.run(intake)
            await site.server.write("Count", "Int32", number + 1)
            await received(intake, number + 2)
            # What is cut off between its acceptance and our hearing of it comes again, as it should.
            await asyncio.sleep(0.5)
            await source.close()
        assert values(intake) == [0, 1, 2], "the session was resumed with its user, and nothing was repeated"


async def test_a_server_that_does_not_trust_us_is_told_of(tmp_path: Path) -> None:
    folder, trust = tmp_path / "own", tmp_path / "trust"
    folder.mkdir()
    (trust / "trusted").mkdir(parents=True)
    file = certificate(folder, "plc")
    (trust / "trusted" / "plc.pem").write_bytes(file.read_bytes())
    options = {"certificate": str(file), "key": str(key_file(folder)), "uri": URI, "distrust": True}
    async with plc(tmp_path, secure=True, **options) as site:
        with pytest.raises(AuthFailed, match=r"let the server trust .*own\.der"):
            await secured(site, trust).open()


async def test_a_certificate_for_another_application_is_refused(tmp_path: Path) -> None:
    file, key = certificate(tmp_path, "ours", uri="urn:other"), key_file(tmp_path)
    async with plc(tmp_path, secure=True) as site:
        source = secured(site, tmp_path / "trust", certificate=str(file), key=str(key))
        with pytest.raises(Misconfigured, match="is for the application urn:other, and we call ourselves urn:tundish"):
            await source.open()
