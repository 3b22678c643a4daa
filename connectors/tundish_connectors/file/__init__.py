"""Files: folders that are watched, and folders that are written to."""

from __future__ import annotations

from collections.abc import Collection

from tundish.sdk import ConnectorSpec, Part, Trait
from tundish_connectors.file.settings import FileConnectionSettings, FileDestinationSettings, FileSourceSettings


def _destination_traits(settings: FileDestinationSettings) -> Collection[Trait]:
    return ["replaces"]


SPEC = ConnectorSpec(
    id="file",
    summary="Folders that are watched for files, and folders that files are written to.",
    connection=Part(
        FileConnectionSettings,
        "tundish_connectors.file.connection:FileConnection",
        "folder: /var/lib/plant/scrap-terminal\n",
    ),
    source=Part(FileSourceSettings, "tundish_connectors.file.source:FileSource", 'pattern: "*.csv"\n'),
    destination=Part(
        FileDestinationSettings,
        "tundish_connectors.file.destination:FileDestination",
        'name: "{{ work_order }}_{{ id }}.json"\n',
        traits=_destination_traits,
    ),
)
"""What the entry point `file` of the group `tundish.connectors` names."""
