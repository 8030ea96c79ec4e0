"""The command line: one module a verb.

Exit codes: 0 done, 1 negative answer or failure, 2 usage or configuration, 3 no whole answer (the store is away, or the
output takes nothing), 141 nobody reads the output any more.
"""

from __future__ import annotations

import sys
from typing import Final

import cyclopts

from bngcorr import __version__
from bngcorr.cli import (
    audit,
    check_config,
    demo,
    disconnect,
    explain,
    findings,
    forget,
    hosts,
    import_lines,
    observe,
    reload,
    serve,
    simulate,
    upstreams,
    web,
    what_if,
    whohad,
)
from bngcorr.cli.standard_output import OutputError, give_output_up, watch_output

_NO_ANSWER: Final = 3
_SIGPIPE: Final = 141  # what a shell tells of a command that was ended by it

app = cyclopts.App(
    name="bngcorr",
    version=__version__,
    help="RADIUS proxy between broadband gateways and AAA: one identity per access line, whichever protocol asked.",
    help_epilogue="Start with `bngcorr demo` to see it work, or `bngcorr check-config -c FILE` on your own file.",
)
app.command(serve.serve)
app.command(web.web)
app.command(reload.reload)
app.command(upstreams.app)
app.command(disconnect.disconnect)
app.command(check_config.check_config)
app.command(explain.explain)
app.command(import_lines.import_lines, name="import")
app.command(findings.findings)
app.command(hosts.hosts)
app.command(what_if.what_if)
app.command(audit.audit)
app.command(observe.observe)
app.command(whohad.whohad)
app.command(forget.forget)
app.command(simulate.simulate)
app.command(demo.demo)


def main() -> None:
    """Entry point of the ``bngcorr`` command."""
    watch_output()
    try:
        try:
            app(exit_on_error=False)
        finally:
            sys.stdout.flush()
    except cyclopts.CycloptsError:
        sys.exit(2)  # what was wrong is printed already
    except OutputError as error:  # 1 would be an answer
        give_output_up()
        if error.unread:  # whoever read it has seen enough
            sys.exit(_SIGPIPE)
        print(f"bngcorr: standard output: {error}", file=sys.stderr)
        sys.exit(_NO_ANSWER)
