"""`tundish run`: the daemon of one plant."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tundish.cli.terminal.ending import INTERNAL, INVALID_CONFIGURATION, OK, say_configuration_error, say_error
from tundish.cli.terminal.group import declare
from tundish.cli.terminal.project import compiled, plant_option, project_folder
from tundish.cli.terminal.stored import data_folder, data_option

if TYPE_CHECKING:
    from tundish.plan.route import Plan

LEVELS = ("debug", "info", "warning", "error")


@declare("Run")
@click.argument("project", default=".", type=click.Path(path_type=Path))
@data_option
@plant_option
@click.option("--accept-loss", is_flag=True, help="Start although the journal is older than what was acknowledged.")
@click.option(
    "--log-format", type=click.Choice(("console", "json")), help="Of the log on stderr; json unless it is a terminal."
)
@click.option("--log-level", type=click.Choice(LEVELS), default="info", show_default=True, help="What is logged.")
def command(
    project: Path,
    data: Path | None,
    plant: str | None,
    accept_loss: bool,
    log_format: Literal["console", "json"] | None,
    log_level: str,
) -> int:
    """Run the daemon of a plant.

    It runs the PROJECT in this folder, unless another one is named, until SIGTERM or Ctrl-C; SIGHUP reads it again.
    Exit code 78 for an invalid configuration: systemd's RestartPreventExitStatus=78 keeps it from trying again.
    """
    from tundish.errors import ConfigurationError, JournalCorrupt, JournalError, JournalLocked, JournalLost
    from tundish.runtime.daemon import Options, run
    from tundish.telemetry import configure_logs

    # Records are trees, so that the collector of cycles finds nothing in them; looking for some as often as Python does
    # takes a third of the time. As many objects as may be in memory for messages do not set it off.
    gc.set_threshold(100_000, 10, 10)
    configure_logs(log_format, level=log_level)
    root = project_folder(project)

    def load() -> Plan:
        return compiled(root, plant)

    try:
        asyncio.run(run(load, data_folder(data, root), Options(accept_loss=accept_loss)))
    except ConfigurationError as error:
        say_configuration_error(error)
        return INVALID_CONFIGURATION
    except (JournalLocked, JournalLost, JournalCorrupt):
        raise
    except JournalError as error:
        # The disk refused while the daemon ran: starting again is right, so this is no matter of configuration.
        say_error(str(error))
        return INTERNAL
    return OK
