"""Names and lists of destinations as small numbers, so that a row of the journal costs few bytes."""

from __future__ import annotations

import json

import apsw

from tundish.errors import JournalCorrupt, JournalError
from tundish.journal.sqlite.fetch import all_rows, one_value

STEPS_ID = 0
"""The number of the destination name `""`."""
CURE = "stop the daemon, copy the folder, check the disk, then restore a backup or set the journal aside and salvage it"
"""What to do about a damaged journal."""


class Names:
    """Reads the tables `name`, `fan_out` and `route_version` once and again whenever a number is not known yet.

    The writer adds names inside its transaction and calls `forget` when that is rolled back.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._fan_outs: dict[int, tuple[int, ...]] = {}
        self._fan_out_ids: dict[tuple[str, ...], int] = {}
        self._routes: dict[int, int] = {}
        self.forget()

    def forget(self) -> None:
        """Read everything again from the tables."""
        self._texts = dict(all_rows(self._connection, "SELECT id, text FROM name"))
        self._ids = {text: number for number, text in self._texts.items()}
        self._fan_outs, self._fan_out_ids = {}, {}
        for number, names in all_rows(self._connection, "SELECT id, names FROM fan_out"):
            try:
                self._keep_fan_out(number, tuple(json.loads(names)))
            except (ValueError, TypeError, KeyError):
                raise JournalCorrupt(f"the journal's list of destinations {number} is damaged; {CURE}") from None
        self._routes = dict(all_rows(self._connection, "SELECT id, route FROM route_version"))

    def known(self, text: str) -> int | None:
        """The number of a name, or None where the journal has never seen it."""
        if text not in self._ids:
            self.forget()
        return self._ids.get(text)

    def add(self, text: str) -> int:
        """The number of a name, new where need be; only the writer may call it."""
        number = self._ids.get(text)
        if number is None:
            self._connection.execute("INSERT INTO name(text) VALUES(?)", (text,))
            number = self._ids[text] = self._connection.last_insert_rowid()
            self._texts[number] = text
        return number

    def text(self, number: int) -> str:
        """Raises JournalCorrupt where no such number was given out."""
        if number not in self._texts:
            self.forget()
        try:
            return self._texts[number]
        except KeyError:
            raise JournalCorrupt(f"the journal has no name with number {number}; {CURE}") from None

    def add_fan_out(self, destinations: tuple[str, ...]) -> int:
        """The number of a list of destinations; only the writer may call it."""
        number = self._fan_out_ids.get(destinations)
        if number is None:
            for destination in destinations:
                self.add(destination)
            self._connection.execute("INSERT INTO fan_out(names) VALUES(?)", (json.dumps(destinations),))
            number = self._connection.last_insert_rowid()
            self._keep_fan_out(number, destinations)
        return number

    def fan_out(self, number: int) -> tuple[int, ...]:
        """The numbers of the destinations in a list."""
        if number not in self._fan_outs:
            self.forget()
        try:
            return self._fan_outs[number]
        except KeyError:
            raise JournalCorrupt(f"the journal has no list of destinations {number}; {CURE}") from None

    def texts(self, fan_out: int | None) -> tuple[str, ...]:
        """The names of the destinations in a list; none for null."""
        return () if fan_out is None else tuple(self.text(number) for number in self.fan_out(fan_out))

    def add_version(self, route: str, digest: bytes, text: str) -> int:
        """The number of a route version, which is the current one from now on; only the writer may call it."""
        number = self.add(route)
        query = "SELECT id FROM route_version WHERE route=? AND digest=?"
        found = one_value(self._connection, query, (number, digest))
        version = self._insert_version(number, digest, text) if found is None else int(found)
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (_current(number), version))
        return version

    def _insert_version(self, number: int, digest: bytes, text: str) -> int:
        self._connection.execute(
            "INSERT INTO route_version(route, digest, text) VALUES(?, ?, ?)", (number, digest, text)
        )
        version = self._connection.last_insert_rowid()
        self._connection.execute("INSERT OR IGNORE INTO total(route) VALUES(?)", (number,))
        self._routes[version] = number
        return version

    def current_version(self, route: int) -> int:
        """The version of a route that was registered last."""
        return int(one_value(self._connection, "SELECT value FROM meta WHERE name=?", (_current(route),)))

    def route_of(self, version: int) -> int:
        """The number of the route that a version belongs to. Raises JournalError where it was never registered."""
        if version not in self._routes:
            self.forget()
        try:
            return self._routes[version]
        except KeyError:
            raise JournalError(f"route version {version} is not registered in this journal") from None

    def _keep_fan_out(self, number: int, destinations: tuple[str, ...]) -> None:
        self._fan_outs[number] = tuple(self._ids[name] for name in destinations)
        self._fan_out_ids[destinations] = number


def _current(route: int) -> str:
    return f"current version of route {route}"
