"""A PostgreSQL server of Debian's on 127.0.0.1, in a folder of its own.

Belongs here: starting and stopping it. Does not belong here: what is kept in it. PostgreSQL does not run as root, so
under root it runs as Debian's user ``postgres``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.servers.base import free_port


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database; skips where PostgreSQL or its user is missing."""
    tools = {name: _tool(name) for name in ("initdb", "postgres", "pg_isready")}
    if missing := [name for name, path in tools.items() if path is None]:
        pytest.skip(f"needs Debian's postgresql: no {', '.join(missing)}")
    try:
        user = pwd.getpwnam("postgres") if os.getuid() == 0 else None
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    port = free_port()
    # not in a test's own folder, which root closes to others
    with TemporaryDirectory(prefix="observatory-pg-") as folder:
        who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = f"{folder}/data"
        made = [
            tools["initdb"],
            "--pgdata",
            data,
            "--username=observatory",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **who)
        words = [tools["postgres"], "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder, "-c", "fsync=off"]
        with Path(folder, "log").open("wb") as log:
            server = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder, start_new_session=True, **who)
        try:
            ask = [tools["pg_isready"], "--quiet", "-h", "127.0.0.1", "-p", str(port)]
            while subprocess.run(ask, check=False).returncode:
                assert server.poll() is None, Path(folder, "log").read_text("utf-8", "replace")
            yield f"postgresql://observatory@127.0.0.1:{port}/postgres"
        finally:
            server.kill()
            server.wait()


def _tool(name: str) -> str | None:
    """On the path, or where Debian keeps servers' programs."""
    if found := shutil.which(name):
        return found
    return max((str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), default=None)
