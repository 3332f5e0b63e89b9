"""Progress of long work: a live line on a terminal, plain lines in a log.

Belongs here: how progress looks. Does not belong here: what is said.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from observatory.safe_text import visible


@contextlib.contextmanager
def lines() -> Iterator[Callable[[str], None]]:
    """Give a function that says one thing done; on a terminal a spinner shows that work goes on."""
    if not sys.stderr.isatty():
        yield lambda text: print(visible(text), file=sys.stderr, flush=True)
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("starting") as status:

        def say(text: str) -> None:
            console.print(escape(visible(text)), highlight=False)
            status.update(escape(visible(text)))

        yield say
