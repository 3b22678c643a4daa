"""`tundish messages` and `tundish status`, on a journal that no daemon has open."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tundish
from tundish.journal import STEPS, NewDeadLetter, NewMessage, NewUnit, Selection, open_journal, open_reader

RECEIVED = 1_772_000_000_000
"""2026-02-25T06:13:20Z, in milliseconds."""


def message(key: str, payload: bytes) -> NewMessage:
    """One message of the route `weighing`, for two destinations."""
    return NewMessage(
        key=key, digest=bytes(16), payload=payload, destinations=("erp", "archive"), find=(("work_order", key),)
    )


async def fill(folder: Path) -> None:
    """Message 1 is done, 2 is a dead letter for the ERP, 3 waits behind it, 4 failed in its steps, 5 is unreadable."""
    journal = await open_journal(folder)
    version = await journal.register_route("weighing", bytes(16), "{}")
    contents = [("4711", b'{"n":1}'), ("4712", b'{"n":2}'), ("4712", b'{"n":3}'), ("4713", b"\xff\x00")]
    for key, payload in contents:
        await journal.accept(NewUnit(version, RECEIVED, b'{"file":"a.csv"}', b"", (message(key, payload),)))
    broken = NewDeadLetter(raw=b'{"n":', error="Invalid", text="the text ends early")
    await journal.accept(NewUnit(version, RECEIVED, b"{}", b'{"n":', (), (broken,)))
    await journal.done(1, "erp", "delivered", remote_id="ERP-1", detail="201")
    await journal.done(1, "archive", "delivered")
    await journal.retry(2, "erp", RECEIVED, "Transient", "503")
    await journal.bury(2, "erp", "Rejected", "unknown order [4712]", detail="400 Bad Request")
    await journal.done(2, "archive", "delivered")
    await journal.bury(4, STEPS, "Invalid", "no quantity")
    await journal.close()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, which the environment names."""
    folder = tmp_path / "data"
    folder.mkdir()
    asyncio.run(fill(folder))
    monkeypatch.setenv("TUNDISH_DATA", str(folder))
    monkeypatch.setenv("TZ", "UTC")
    return folder


def test_messages_are_listed_with_their_fates(data: Path, tundish: Tundish) -> None:
    listed = tundish("messages", "list", "--json").data
    assert listed["format_version"] == 1
    assert [(each["seq"], each["state"]) for each in listed["messages"]] == [
        (1, "done"),
        (2, "dead"),
        (3, "held"),
        (4, "dead"),
        (5, "dead"),
    ]
    assert listed["messages"][1]["destinations"] == {"archive": "delivered", "erp": "dead"}
    text = tundish("messages", "list").out
    assert "weighing" in text
    assert "4712" in text


@pytest.mark.parametrize(
    ("conditions", "seqs"),
    [
        (["--state", "held"], [3]),
        (["--find", "work_order=4712"], [2, 3]),
        (["--key", "4713"], [4]),
        (["--route", "nothing"], []),
        (["--since", "1h"], [1, 2, 3, 4, 5]),
        (["--until", "2026-01-01"], []),
        (["--limit", "1"], [1]),
    ],
)
def test_conditions_narrow_the_list(conditions: list[str], seqs: list[int], data: Path, tundish: Tundish) -> None:
    listed = tundish("messages", "list", *conditions, "--json").data["messages"]
    assert len(listed) == len(seqs)
    if "--limit" not in conditions:
        assert [each["seq"] for each in listed] == seqs


def test_an_empty_list_says_so(data: Path, tundish: Tundish) -> None:
    ended = tundish("messages", "list", "--route", "nothing")
    assert (ended.code, ended.out) == (0, "")
    assert "no message meets these conditions" in ended.err


def test_one_message_is_shown_whole(data: Path, tundish: Tundish) -> None:
    text = tundish("messages", "show", "2").out
    for part in (
        "message 2 of route weighing",
        "dead letter for erp",
        "Rejected: unknown order [4712]",
        "400 Bad Request",
        "later messages of the key '4712' wait behind it",
        "Transient",
        '{"file":"a.csv"}',
        '{"n":2}',
    ):
        assert part in text
    shown = tundish("messages", "show", "2", "--json").data
    assert shown["meta"] == {"file": "a.csv"}
    assert shown["content"] == '{"n":2}'
    outcomes = [attempt["outcome"] for attempt in shown["attempts"] if attempt["destination"] == "erp"]
    assert outcomes == ["Transient", "Rejected"]
    assert shown["dead_letters"][0]["error"] == "Rejected"


def test_content_that_is_no_text_is_shown_as_digits_and_given_raw(data: Path, tundish: Tundish) -> None:
    assert "ff00" in tundish("messages", "show", "4").out
    done = subprocess.run(
        [sys.executable, "-c", "from tundish.cli import main; main()", "messages", "show", "4", "--raw"],
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"\xff\x00"


def test_an_unknown_message_is_a_matter_of_usage(data: Path, tundish: Tundish) -> None:
    ended = tundish("messages", "show", "99")
    assert ended.code == 2
    assert "the journal has no message 99" in ended.err


def test_replay_shows_first_what_it_would_do(data: Path, tundish: Tundish) -> None:
    ended = tundish("messages", "replay", "--error", "Rejected", "--dry-run")
    assert ended.code == 0
    assert "unknown order [4712]" in ended.out
    assert ended.err == "1 dead letter would be delivered again\n"
    assert [each["seq"] for each in tundish("messages", "replay", "2", "--dry-run", "--json").data["dead_letters"]] == [
        2
    ]


def test_replay_opens_deliveries_again(data: Path, tundish: Tundish) -> None:
    ended = tundish("messages", "replay", "2", "--why", "the order is there now")
    assert ended.err == "1 delivery is open again\n"
    with open_reader(data) as reader:
        (found,) = reader.messages(Selection(seqs=(2,)))
        assert found.state == "open"
        (entry,) = reader.audit()
        assert entry.why == "the order is there now"


def test_discard_needs_a_reason_and_frees_the_key(data: Path, tundish: Tundish) -> None:
    assert tundish("messages", "discard", "2").code == 2
    assert tundish("messages", "discard", "2", "--why", "booked by hand", "--json").data["discarded"] == 1
    with open_reader(data) as reader:
        assert {each.seq: each.state for each in reader.messages(Selection(seqs=(2, 3)))} == {2: "done", 3: "open"}


def test_release_lets_the_key_go_on(data: Path, tundish: Tundish) -> None:
    ended = tundish("messages", "release", "weighing", "4712", "--destination", "erp")
    assert (ended.code, ended.err) == (0, "the key '4712' goes on past 1 dead letter\n")
    with open_reader(data) as reader:
        assert {each.seq: each.state for each in reader.messages(Selection(seqs=(2, 3)))} == {2: "dead", 3: "open"}
    again = tundish("messages", "release", "weighing", "4712", "--destination", "erp")
    assert again.code == 2
    assert "no dead letter of route 'weighing' holds the key '4712'" in again.err


@pytest.mark.parametrize("command", ["replay", "discard"])
def test_everything_is_never_meant(command: str, data: Path, tundish: Tundish) -> None:
    ended = tundish("messages", command, "--limit", "5", *(["--why", "x"] if command == "discard" else []))
    assert ended.code == 2
    assert "nothing is selected" in ended.err


def test_the_ledger_of_every_route_is_shown(data: Path, tundish: Tundish) -> None:
    ended = tundish("status")
    assert ended.code == 0
    assert "no daemon runs" in ended.out
    assert "weighing" in ended.out
    assert ended.err == "dead letters wait for you: 'tundish messages list --state dead'\n"
    shown = tundish("status", "--json").data
    assert shown["daemon"] is None
    (route,) = shown["routes"]
    assert route["balanced"]
    assert (route["accepted"], route["deliveries"], route["delivered"], route["dead"], route["held"]) == (4, 8, 3, 3, 1)


@pytest.mark.parametrize("arguments", [("messages", "list"), ("status",), ("messages", "discard", "1", "--why", "x")])
def test_a_folder_without_a_journal_is_no_journal(arguments: tuple[str, ...], tmp_path: Path, tundish: Tundish) -> None:
    ended = tundish(*arguments, "--data", tmp_path)
    assert ended.code == 2
    assert "there is no journal; name the data folder of a daemon that ran once" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_without_project_the_data_folder_has_to_be_named(
    tmp_path: Path, tundish: Tundish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = tundish("status")
    assert ended.code == 2
    assert "name it with --data" in ended.err


@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01", "5"])
def test_a_wrong_time_says_how_to_write_one(wrong: str, data: Path, tundish: Tundish) -> None:
    ended = tundish("messages", "list", "--since", wrong)
    assert ended.code == 2
    assert f"'{wrong}' is no time; write 90s, 2h, 3d" in ended.err
    assert "write name=value" in tundish("messages", "list", "--find", "4711").err
