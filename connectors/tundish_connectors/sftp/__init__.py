"""SFTP: folders of a server that are watched for files, and folders that files are written to."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.sftp.settings import SftpConnectionSettings, SftpDestinationSettings, SftpSourceSettings


def _destination_traits(settings: SftpDestinationSettings) -> Collection[Trait]:
    return ["replaces"]


SPEC = ConnectorSpec(
    id="sftp",
    summary="Folders of an SFTP server that are watched for files, and that files are written to.",
    connection=Part(
        SftpConnectionSettings,
        "tundish_connectors.sftp.connection:SftpConnection",
        "host: sftp.partner.example\nusername: plant7\nprivate_key: file:/etc/tundish/plant7_ed25519\n"
        "known_hosts: /etc/tundish/known_hosts\n",
    ),
    source=Part(
        SftpSourceSettings,
        "tundish_connectors.sftp.source:SftpSource",
        'folder: outbox\npattern: "*.edi"\n',
    ),
    destination=Part(
        SftpDestinationSettings,
        "tundish_connectors.sftp.destination:SftpDestination",
        'folder: inbox\nname: "{{ work_order }}_{{ id }}.json"\n',
        traits=_destination_traits,
    ),
    extra="sftp",
)
"""What the entry point `sftp` of the group `tundish.connectors` names."""
