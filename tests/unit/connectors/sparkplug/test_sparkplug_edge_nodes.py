"""What a host application knows of its edge nodes."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tundish_connectors.sparkplug.hosting.heard import Entry, Gap, Heard, Unreadable
from tundish_connectors.sparkplug.hosting.host import Host
from tundish_connectors.sparkplug.payload.datatypes import DataType
from tundish_connectors.sparkplug.payload.encoding import encode
from tundish_connectors.sparkplug.payload.metrics import Message, Metric
from tundish_connectors.sparkplug.topics import Address, Kind

NODE = Address("plant", "press-shop")
PRESS = Address("plant", "press-shop", "press")
PATIENCE = 2.0


class Talk:
    """An edge node that talks to a host, on a clock of its own."""

    def __init__(self) -> None:
        self.host = Host(patience=PATIENCE, rebirth_every=30.0)
        self.now = 1000.0
        self.entries: list[Entry] = []

    def say(self, kind: Kind, seq: int | None, *metrics: Metric, address: Address = NODE) -> list[Entry]:
        """A message."""
        return self._note(self.host.take(kind, address, encode(Message(metrics, 1, seq)), self.now))

    def wait(self, seconds: float) -> list[Entry]:
        """Time passes."""
        self.now += seconds
        return self._note(self.host.tick(self.now))

    def _note(self, found: Iterable[Entry]) -> list[Entry]:
        listed = list(found)
        self.entries += listed
        return listed

    def asks(self) -> list[str]:
        """Whom the host asks for births now."""
        return [str(address) for address, _ in self.host.rebirths(self.now)]

    def born(self, bd_seq: int = 0) -> None:
        """The edge node is born, with a metric `n` that has the alias 0."""
        self.say("NBIRTH", 0, Metric("bdSeq", DataType.Int64, bd_seq), Metric("n", DataType.Int32, 0, alias=0))


def n(value: int) -> Metric:
    """The metric `n`."""
    return Metric("n", DataType.Int32, value)


def kinds(entries: Iterable[Entry]) -> list[str]:
    """The kinds of entries."""
    return [entry.kind for entry in entries]


@given(st.permutations(range(1, 40)))
def test_whatever_the_order_nothing_is_lost_and_all_is_in_order(order: list[int]) -> None:
    talk = Talk()
    talk.born()
    for seq in order:
        talk.say("NDATA", seq, n(seq))
    heard = [entry for entry in talk.entries if isinstance(entry, Heard)]
    assert [entry.seq for entry in heard] == list(range(40))
    assert not [entry for entry in talk.entries if isinstance(entry, Gap)]
    assert talk.asks() == []


@given(st.sets(st.integers(1, 39), min_size=1, max_size=20))
def test_what_never_comes_is_a_gap_and_the_rest_is_not_lost(lost: set[int]) -> None:
    talk = Talk()
    talk.born()
    for seq in range(1, 41):
        if seq not in lost:
            talk.say("NDATA", seq, n(seq))
    talk.wait(PATIENCE)
    heard = [entry.seq for entry in talk.entries if isinstance(entry, Heard)]
    assert heard == [seq for seq in range(41) if seq not in lost]
    assert kinds(talk.entries).count("GAP") == 1
    assert talk.asks() == ["plant/press-shop"]


def test_it_waits_before_it_gives_up() -> None:
    talk = Talk()
    talk.born()
    assert talk.say("NDATA", 2, n(2)) == []
    assert talk.wait(PATIENCE / 2) == []
    assert kinds(talk.say("NDATA", 1, n(1))) == ["NDATA", "NDATA"]
    assert talk.wait(PATIENCE * 2) == []


def test_numbers_go_round() -> None:
    talk = Talk()
    talk.born()
    for number in range(1, 600):
        assert kinds(talk.say("NDATA", number % 256, n(number))) == ["NDATA"]


def test_a_birth_begins_anew() -> None:
    talk = Talk()
    talk.born()
    talk.say("NDATA", 7, n(7))
    talk.born()
    assert kinds(talk.say("NDATA", 1, n(1))) == ["NDATA"]
    assert talk.wait(PATIENCE * 2) == []


def test_an_alias_has_the_name_of_its_birth() -> None:
    talk = Talk()
    talk.born()
    talk.say("DBIRTH", 1, Metric("speed", DataType.Double, 1, alias=5), address=PRESS)
    (entry,) = talk.say("NDATA", 2, Metric("", DataType.Int32, 3, alias=0))
    assert isinstance(entry, Heard)
    assert entry.record()["values"] == {"n": 3}
    (entry,) = talk.say("DDATA", 3, Metric("", DataType.Double, 4, alias=5), address=PRESS)
    assert isinstance(entry, Heard)
    assert entry.record()["values"] == {"speed": 4}


def test_an_alias_belongs_to_whom_its_birth_was() -> None:
    talk = Talk()
    talk.born()
    talk.say("DBIRTH", 1, Metric("speed", DataType.Double, 1, alias=5), address=PRESS)
    assert kinds(talk.say("NDATA", 2, Metric("", DataType.Double, 4, alias=5))) == ["GAP"]


def test_after_a_new_birth_an_old_alias_means_nothing() -> None:
    talk = Talk()
    talk.born()
    talk.say("DBIRTH", 1, Metric("speed", DataType.Double, 1, alias=5), address=PRESS)
    talk.say("DBIRTH", 2, Metric("torque", DataType.Double, 1, alias=6), address=PRESS)
    assert kinds(talk.say("DDATA", 3, Metric("", DataType.Double, 4, alias=5), address=PRESS)) == ["GAP"]
    # It is told once, until births come.
    assert talk.say("DDATA", 4, Metric("", DataType.Double, 4, alias=5), address=PRESS) == []
    assert talk.asks() == ["plant/press-shop"]


def test_data_of_a_device_without_birth_is_kept_and_its_birth_asked_for() -> None:
    talk = Talk()
    talk.born()
    assert kinds(talk.say("DDATA", 1, n(1), address=PRESS)) == ["DDATA"]
    assert talk.asks() == ["plant/press-shop"]


def test_data_without_any_birth() -> None:
    talk = Talk()
    assert kinds(talk.say("NDATA", 9, n(1))) == ["GAP", "NDATA"]
    assert kinds(talk.say("NDATA", 10, n(2), Metric("", DataType.Int32, 1, alias=3))) == ["NDATA"]
    assert talk.asks() == ["plant/press-shop"]
    talk.born()
    assert kinds(talk.say("NDATA", 1, n(3))) == ["NDATA"]
    talk.now += 60
    assert talk.asks() == []


def test_it_is_asked_again_but_not_too_often() -> None:
    talk = Talk()
    talk.say("NDATA", 9, n(1))
    assert talk.asks() == ["plant/press-shop"]
    talk.now += 29
    assert talk.asks() == []
    talk.now += 1
    assert talk.asks() == ["plant/press-shop"]


def test_deaths_carry_the_last_values_as_stale() -> None:
    talk = Talk()
    talk.born(bd_seq=4)
    talk.say("DBIRTH", 1, Metric("speed", DataType.Double, 1), address=PRESS)
    talk.say("DDATA", 2, Metric("speed", DataType.Double, 2), address=PRESS)
    talk.say("DDATA", 3, Metric("speed", DataType.Double, 9, historical=True), address=PRESS)
    assert talk.say("NDEATH", None, Metric("bdSeq", DataType.Int64, 3)) == []
    node, device = talk.say("NDEATH", None, Metric("bdSeq", DataType.Int64, 4))
    assert isinstance(node, Heard)
    assert isinstance(device, Heard)
    assert kinds([node, device]) == ["NDEATH", "DDEATH"]
    assert [(metric.name, metric.value) for metric in device.metrics] == [("speed", 2)]
    assert device.record()["because"] == "NDEATH"
    # What is said after a death is without a birth again.
    assert kinds(talk.say("NDATA", 4, n(1))) == ["GAP", "NDATA"]


def test_who_listens_again_knows_nothing_any_more() -> None:
    talk = Talk()
    talk.born()
    (gap,) = talk.host.was_away("we were away", talk.now + 60)
    assert isinstance(gap, Gap)
    assert (gap.since, gap.until) == (talk.now, talk.now + 60)
    assert talk.asks() == ["plant/press-shop"]
    assert kinds(talk.say("NDATA", 1, Metric("", DataType.Int32, 1, alias=0))) == []
    assert list(talk.host.was_away("we were away", talk.now + 70)) == []


def test_nodes_of_an_earlier_life_are_gaps_once() -> None:
    talk = Talk()
    (gap,) = talk.host.recall({NODE: 900.0}, "we were away", talk.now)
    assert isinstance(gap, Gap)
    assert gap.since == 900.0
    assert list(talk.host.recall({NODE: 900.0}, "we were away", talk.now)) == []
    assert talk.asks() == ["plant/press-shop"]


def test_what_cannot_be_read_is_kept() -> None:
    talk = Talk()
    talk.born()
    (entry,) = talk.host.take("NDATA", NODE, b"\xff", talk.now)
    assert isinstance(entry, Unreadable)
    assert entry.body == b"\xff"
    assert talk.asks() == ["plant/press-shop"]


def test_who_is_online() -> None:
    talk = Talk()
    assert talk.host.online() == {}
    talk.born()
    assert talk.host.online() == {NODE: 1000.0}
    talk.say("NDEATH", None, Metric("bdSeq", DataType.Int64, 0))
    assert talk.host.online() == {}
