"""The commands, each in a module of its name, and what they have in common."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .._version import __version__
from ..settings_file import SettingsFileError
from . import doctor, down, init, logs, schema, status, synth, up, user
from .console import CommandError, ExitCode, print_error, stdout


class Commands(TyperGroup):
    """The one place that turns errors into exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SettingsFileError as error:
            print_error(error)
            raise typer.Exit(ExitCode.BAD_INPUT) from None
        except CommandError as error:
            print_error(error)
            raise typer.Exit(error.code) from None
        except (KeyboardInterrupt, typer.Abort):
            print_error(CommandError("interrupted"))
            raise typer.Exit(ExitCode.INTERRUPTED) from None


app = typer.Typer(cls=Commands, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_show_locals=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        stdout.print(f"jupyter-cluster {__version__}")
        raise typer.Exit


@app.callback()
def jupyter_cluster(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """A multi-user IPython Parallel cluster on Kubernetes: its settings, its manifests, and what runs.

    Exit codes: 0 fine, 1 the cluster is not as wanted, 2 bad input, 3 no cluster can be reached, 4 timed out, 130 interrupted.
    """


app.command()(init.init)
app.add_typer(user.user, name="user")
app.command()(schema.schema)
app.command()(synth.synth)
app.command()(up.up)
app.command()(status.status)
app.command()(down.down)
app.command()(logs.logs)
app.command()(doctor.doctor)
