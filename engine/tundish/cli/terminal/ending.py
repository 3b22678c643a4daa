"""How a run of the program ends: exit codes, and errors in words instead of tracebacks.

0 ok; 1 findings or failed tests; 2 usage or configuration; 3 a fault of Tundish itself; 78 the daemon refuses an
invalid configuration (`EX_CONFIG` of sysexits.h, so that systemd does not start it again).
"""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from tundish.errors import ConfigurationError, TundishError

OK = 0
FINDINGS = 1
USAGE = 2
INTERNAL = 3
INVALID_CONFIGURATION = 78
INTERRUPTED = 130


class Problem(click.ClickException):
    """Something the user can cure: a fact and a cure, shown on stderr without a traceback."""

    exit_code = USAGE

    def __init__(self, text: str, cure: str = "") -> None:
        super().__init__(f"{text}; {cure}" if cure else text)


def run(arguments: Sequence[str]) -> int:
    """Run one command. Returns the exit code; everything that went wrong was said on stderr."""
    from tundish.cli.terminal.program import program

    try:
        ended = program.main(list(arguments), prog_name="tundish", standalone_mode=False)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.Abort:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place that can say where to report a fault of Tundish
        return _told(error, debug="--debug" in arguments)
    return ended if isinstance(ended, int) else OK


def _told(error: Exception, *, debug: bool) -> int:
    """Say what is wrong, and give the exit code that it means."""
    code = USAGE
    match error:
        case click.UsageError():
            _say_usage_error(error)
        case click.ClickException():
            say_error(error.format_message())
            code = error.exit_code
        case ConfigurationError():
            say_configuration_error(error)
        case TundishError():
            say_error(str(error))
        case OSError():
            say_error(f"{error.filename or 'the system'}: {error.strerror or error}")
        case _:
            _say_fault_of_tundish(error, debug=debug)
            code = INTERNAL
    return code


def say_error(text: str) -> None:
    """One error, on stderr."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {text}", err=True)


def say_configuration_error(error: ConfigurationError) -> None:
    """Every finding of a configuration with its source line, or the one text that it has instead, on stderr."""
    if not error.findings:
        say_error(str(error))
        return
    from tundish.cli.terminal.findings import say_findings

    say_findings(error.findings)


def _say_usage_error(error: click.UsageError) -> None:
    say_error(error.format_message())
    if error.ctx is not None:
        click.echo(f"usage: {error.ctx.command.get_usage(error.ctx).partition(': ')[2]}", err=True)


def _say_fault_of_tundish(error: Exception, *, debug: bool) -> None:
    trace = "".join(traceback.format_exception(error))
    if debug:
        click.echo(trace, err=True, nl=False)
    else:
        handle, name = tempfile.mkstemp(prefix="tundish-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(trace)
        where = Path(name)
    say_error(f"a fault of Tundish itself: {type(error).__name__}: {error}")
    shown = "the lines above" if debug else str(where)
    click.echo(f"Nothing of yours is wrong. Please report it to Tundish's issue tracker with {shown}.", err=True)
