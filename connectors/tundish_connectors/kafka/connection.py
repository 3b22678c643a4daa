"""What the routes share that use one cluster: its address, credentials and trust."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from tundish.faults import Fault
from tundish.sdk import Connection, Context, client_context, tls_faults
from tundish_connectors.kafka.cluster import Cluster
from tundish_connectors.kafka.settings import KafkaConnectionSettings


class KafkaConnection(Connection[KafkaConnectionSettings]):
    """Leads to the cluster. Each route has connections of its own to its brokers."""

    def __init__(self, settings: KafkaConnectionSettings, context: Context) -> None:
        super().__init__(settings, context)
        self._tls: ssl.SSLContext | None = None

    async def open(self) -> None:
        """Read certificates. Raises Misconfigured or MissingSecret."""
        self._tls = None if self.settings.tls is None else client_context(self.settings.tls)
        if self.settings.password is not None:
            self.settings.password.reveal()

    async def check(self) -> Sequence[Fault]:
        """Say where the brokers are not verified, and where the password is sent for everybody to read."""
        found = [*tls_faults(self.settings.tls)]
        if self.settings.username is not None and self.settings.sasl == "PLAIN" and self.settings.tls is None:
            text = "the password is sent as it is, and nothing encrypts it"
            found.append(Fault("sasl", text, "set 'tls', or another 'sasl'"))
        return found

    def name(self, component: str) -> str:
        """How the cluster knows a component (`route/from`), the same in every life."""
        name = "".join(character if character.isalnum() and character.isascii() else "-" for character in component)
        return f"{self.settings.client_name}.{name}"

    def cluster(self) -> Cluster:
        """The way to the cluster."""
        return Cluster(self.settings, self._tls)
