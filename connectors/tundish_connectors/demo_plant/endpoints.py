"""Where the peers of the plant listen, in the words of a project."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
TERMINAL = "scrap-terminal"
"""The folder into which CSV files are dropped."""
ARCHIVE = "archive"
"""The folder into which the historian's files go."""
MAILBOX_IN = "from-customer"
"""The folder into which the customer's interchanges come."""
MAILBOX_OUT = "to-customer"
"""The folder out of which the customer takes our answers."""
FOLDERS = (TERMINAL, ARCHIVE, MAILBOX_IN, MAILBOX_OUT)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of a running plant."""

    folder: Path
    """Holds `FOLDERS`."""
    mqtt_port: int
    erp_url: str
    mes_url: str
    qms_url: str
    furnace_port: int
    inbound_port: int
    """Where the engine is to listen for the ERP's work orders."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The secrets that the project refers to, as environment variables."""
        return {
            "ERP_API_KEY": "demo-erp",
            "MES_API_KEY": "demo-mes",
            "INBOUND_API_KEY": "demo-in",
            "MQTT_PASSWORD": "demo",
        }

    def overlay(self) -> str:
        """A plant overlay that points the project's connections here; addresses differ in every run."""
        return f"""\
plant: demo
description: Written by `tundish demo`; every address is a free port of this machine.
connections:
  shopfloor:     {{mqtt: {{broker: {LOOPBACK}, port: {self.mqtt_port}}}}}
  erp:           {{rest: {{url: "{self.erp_url}", timeout: 1s}}}}
  mes:           {{rest: {{url: "{self.mes_url}"}}}}
  qms:           {{soap: {{url: "{self.qms_url}"}}}}
  furnace:       {{opcua: {{endpoint: "opc.tcp://{LOOPBACK}:{self.furnace_port}"}}}}
  erp-inbound:   {{rest: {{listen: "{LOOPBACK}:{self.inbound_port}"}}}}
  scrap-terminal: {{file: {{folder: "{self.folder / TERMINAL}"}}}}
  archive:       {{file: {{folder: "{self.folder / ARCHIVE}"}}}}
  mailbox-in:    {{file: {{folder: "{self.folder / MAILBOX_IN}"}}}}
  mailbox-out:   {{file: {{folder: "{self.folder / MAILBOX_OUT}"}}}}
"""


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]
