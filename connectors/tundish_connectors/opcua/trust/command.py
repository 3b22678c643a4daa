"""`tundish opcua trust`: shows the certificates that servers presented, and trusts one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from tundish.sdk.commands import component_folder, component_names, data_option
from tundish_connectors.opcua.trust.store import Kept, TrustStore, application_uris, common_name

STORE = "trust"
"""Folder of the certificates inside a connection's data folder."""


@click.group("opcua")
def command() -> None:
    """Look after the certificates of OPC UA servers."""


@command.command("trust")
@click.argument("connection", required=False)
@click.argument("fingerprint", required=False)
@data_option
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Of a connection that has the setting 'trust'."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def trust(connection: str | None, fingerprint: str | None, data: Path, folder: Path | None, as_json: bool) -> int:
    """List the certificates of servers, or trust one.

    Without a FINGERPRINT those of every CONNECTION are listed, or those of one. With one, the rejected certificate
    whose fingerprint begins so is trusted; the daemon sees it at its next attempt to connect.
    """
    stores = dict(_stores(connection, data, folder))
    if not stores:
        whose = f"of the connection '{connection}' " if connection else ""
        raise click.ClickException(f"no certificates {whose}lie below {data}; run the daemon once, or name --data")
    if fingerprint is not None and connection is not None:
        try:
            kept = stores[connection].trust(fingerprint)
        except LookupError as error:
            raise click.ClickException(f"{error}; see 'tundish opcua trust {connection}'") from error
        click.echo(f"trusted: {common_name(kept.certificate)} ({kept.fingerprint})")
        click.echo("A daemon that was refused tries again within ten minutes; restart it to try at once.")
        return 0
    _show({name: list(store.kept()) for name, store in stores.items()}, as_json)
    return 0


def _stores(connection: str | None, data: Path, folder: Path | None) -> Iterator[tuple[str, TrustStore]]:
    if folder is not None:
        name = connection or "this connection"
        yield name, TrustStore(folder, name=name)
        return
    for name in [connection] if connection else component_names(data, "connection"):
        found = component_folder(data, f"connection/{name}") / STORE
        if found.is_dir():
            yield name, TrustStore(found, name=name)


def _show(found: dict[str, list[Kept]], as_json: bool) -> None:
    if as_json:
        rows = [{"connection": name, **_facts(kept)} for name, listed in found.items() for kept in listed]
        click.echo(json.dumps({"format_version": 1, "certificates": rows}, indent=2))
        return
    for name, listed in found.items():
        click.echo(f"{name}:" if listed else f"{name}: no certificates yet")
        for kept in listed:
            facts = _facts(kept)
            shown = f"{facts['subject']}, until {facts['until']}, {facts['uri']}"
            click.echo(f"  {kept.state:<8}  {kept.fingerprint[:16]}  {shown}")


def _facts(kept: Kept) -> dict[str, str]:
    return {
        "state": kept.state,
        "fingerprint": kept.fingerprint,
        "subject": common_name(kept.certificate),
        "uri": " ".join(application_uris(kept.certificate)),
        "until": f"{kept.certificate.not_valid_after_utc:%Y-%m-%d}",
        "file": str(kept.file),
    }
