"""The journal behind the commands: where it lies, which messages are meant, and times as people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from tundish.cli.terminal.ending import Problem
from tundish.cli.terminal.project import MARKER, project_folder

if TYPE_CHECKING:
    from tundish.journal import Selection, SqliteReader

State = Literal["", "open", "dead", "held", "done"]

DATA_VARIABLE = "TUNDISH_DATA"
data_option: Callable[[Any], Any] = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar=DATA_VARIABLE,
    metavar="FOLDER",
    help=f"The daemon's data folder; without it ${DATA_VARIABLE}, else .tundish/data of the project.",
)


def data_folder(given: Path | None, project: Path | None = None) -> Path:
    """The data folder of a daemon. Raises Problem where neither it nor a project is known."""
    if given is not None:
        return given
    try:
        return project_folder(project) / ".tundish" / "data"
    except Problem:
        raise Problem(f"no data folder is known: here is no project (no {MARKER})", "name it with --data") from None


def reader(given: Path | None) -> SqliteReader:
    """The journal, read-only; a daemon may run. Raises Problem or JournalError."""
    from tundish.journal import open_reader

    return open_reader(data_folder(given))


class Moment(click.ParamType[int]):
    """A point in time as unix milliseconds: `2h` (ago), `2026-03-02`, `2026-03-02T14:05` (local), or with a zone."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the text; click hands the default over as the number that it is."""
        from tundish.sdk.settings import parse_duration

        if isinstance(value, int):
            return value

        text = str(value)
        try:
            moment = datetime.now(UTC) - timedelta(seconds=parse_duration(text))
        except ValueError:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                self.fail(f"'{text}' is no time; write 90s, 2h, 3d, 2026-03-02 or 2026-03-02T14:05", param, ctx)
        return int(moment.timestamp() * 1000)


class Pair(click.ParamType[tuple[str, str]]):
    """`name=value`."""

    name = "name=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split the text at the first equals sign."""
        if isinstance(value, tuple):
            return cast("tuple[str, str]", value)
        name, equals, rest = str(value).partition("=")
        if not name or not equals:
            self.fail(f"'{value}' is no pair; write name=value", param, ctx)
        return name, rest


def shown_time(milliseconds: int) -> str:
    """Local time with its offset, to the second."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone()
    return moment.isoformat(sep=" ", timespec="seconds")


_SELECTING = (
    click.option("--route", default="", metavar="NAME", help="Of this route."),
    click.option("--destination", metavar="NAME", help="For this destination."),
    click.option("--key", default="", metavar="KEY", help="Of this business key (one lane)."),
    click.option("--find", type=Pair(), metavar="NAME=VALUE", help="By a name of find_by, e.g. work_order=4711."),
    click.option("--error", default="", metavar="CLASS", help="Whose dead letter has this error, e.g. Rejected."),
    click.option("--since", type=Moment(), default=0, metavar="TIME", help="Not before: 2h, 3d, 2026-03-02T14:05."),
    click.option("--until", type=Moment(), default=0, metavar="TIME", help="Not after."),
    click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many."),
)


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which messages are meant; `selection` makes a Selection of them."""
    return reduce(lambda decorated, option: option(decorated), reversed(_SELECTING), command)


def selection(seqs: tuple[int, ...] = (), state: State = "", **chosen: Any) -> Selection:
    """What the options of `selecting` mean."""
    from tundish.journal import Selection

    return Selection(seqs=seqs, state=state, **chosen)
