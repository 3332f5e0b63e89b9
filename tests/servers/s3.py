"""A real S3 server on 127.0.0.1: Ceph's object gateway before one monitor and one store in memory.

Belongs here: starting and ending it. Does not belong here: what is asked of it. Debian's packages radosgw, ceph-mon,
ceph-osd and ceph-common suffice; nothing is installed as a service, and all it writes lies in a folder of the test.
"""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from types import TracebackType

from tests.servers.base import free_port

PROGRAMS = ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool", "ceph-authtool")
KEY, SECRET, BUCKET = "OBSERVATORYTESTKEY", "observatory-test-secret-7f3a", "observatory"
CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor}/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {folder}/keyring
run dir = {folder}/run
admin socket = {folder}/run/$name.asok
log file = {folder}/run/$name.log
osd data = {folder}/osd
mon data = {folder}/mon
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 0
paxos propose interval = 0.05
paxos min wait = 0.01
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw run sync thread = false
"""


def missing() -> list[str]:
    """Programs of the server that this machine does not have."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class Ceph:
    """The server while the ``with`` block lasts; ``environment`` is what a client needs to know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.running: list[subprocess.Popen[bytes]] = []
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self) -> Ceph:
        try:
            self._start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.end()

    def _run(self, *words: str) -> None:
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words[:3])}: {done.stderr[-500:]}")

    def _serve(self, *words: str) -> None:
        log = (self.folder / "run" / f"{words[0]}.out").open("wb")
        with log:
            self.running.append(subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log))

    def _start(self) -> None:
        for name in ("mon", "osd", "run"):
            (self.folder / name).mkdir(parents=True)
        fsid, disk, monitor = str(uuid.uuid4()), str(uuid.uuid4()), free_port()
        said = CONFIGURATION.format(fsid=fsid, folder=self.folder, monitor=monitor, port=self.port)
        (self.folder / "ceph.conf").write_text(said)
        known = ("-c", "ceph.conf")
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{monitor}/0]", "monmap")
        for name, *rights in (
            ("mon.", "mon", "allow *"),
            ("client.admin", "mon", "allow *", "osd", "allow *"),
            ("osd.0", "mon", "allow profile osd", "osd", "allow *"),
        ):
            create = [] if (self.folder / "keyring").exists() else ["--create-keyring"]
            pairs = zip(rights[::2], rights[1::2], strict=True)
            caps = [word for who, what in pairs for word in ("--cap", who, what)]
            self._run("ceph-authtool", *create, "keyring", "--gen-key", "-n", name, *caps)
        self._run("ceph-mon", *known, "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring")
        self._serve("ceph-mon", *known, "-f", "-i", "a")
        self._run("ceph", *known, "--connect-timeout", "60", "osd", "new", disk)
        self._run("ceph-osd", *known, "-i", "0", "--mkfs", "--osd-uuid", disk)
        self._serve("ceph-osd", *known, "-f", "-i", "0")
        who = ("--uid", "observatory", "--display-name", "observatory", "--access-key", KEY, "--secret-key", SECRET)
        self._run("radosgw-admin", *known, "user", "create", *who)
        self._serve("radosgw", *known, "-n", "client.admin", "-f")
        self._wait()
        self.client().create_bucket(Bucket=BUCKET)

    def _wait(self) -> None:
        while self.running[-1].poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/"):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        raise RuntimeError(f"radosgw ended: {(self.folder / 'run' / 'radosgw.out').read_text()[-500:]}")

    def client(self):
        """A client of the library below s3fs, to look at objects and to damage them."""
        import botocore.session

        return botocore.session.get_session().create_client(
            "s3",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def end(self) -> None:
        for process in reversed(self.running):
            process.kill()
            process.wait()
