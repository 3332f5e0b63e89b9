"""What an unattended installation stands on: the storage, the launcher, and files that open nothing to a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest
import requests
import yaml
from dagster._core.test_utils import create_run_for_test

from assets.launcher import Launcher
from observatory.errors import UsageError
from observatory.settings import Settings
from tests.servers.base import free_port


@pytest.fixture
def home(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OBSERVATORY_DATA", str(tmp_path / "data"))
    shutil.copy(root / "dagster.yaml", tmp_path)
    return tmp_path


def test_history_lies_under_the_data_folder_whatever_the_working_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        create_run_for_test(instance)
        assert instance.get_runs_count() == 1
        assert isinstance(instance.run_launcher, Launcher)
        assert instance.run_monitoring_enabled and not instance.telemetry_enabled
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None and queue.max_concurrent_runs == 1
        assert instance.run_retries_enabled and not instance.get_settings("run_retries")["retry_on_asset_or_op_failure"]
        assert Path(instance.storage_directory()) == home / "data" / ".dagster" / "storage"
    assert list(elsewhere.iterdir()) == [] and (home / "data" / ".dagster" / "history").is_dir()
    assert {path.name for path in home.iterdir()} == {"dagster.yaml", "data", "elsewhere"}


def test_the_same_file_leads_to_postgresql_where_the_settings_name_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSERVATORY_DAGSTER_POSTGRES", "postgresql://ana:secret@127.0.0.1/dagster")
    monkeypatch.setitem(sys.modules, "dagster_postgres", None)
    with pytest.raises(UsageError, match=r"dagster-postgres is not installed.*pip install 'dagster-postgres"):
        dg.DagsterInstance.from_config(str(home))

    asked: dict[str, Any] = {}
    driver = ModuleType("dagster_postgres")

    def storage(**given: Any) -> dg.DagsterInstance:
        asked.update(given)
        raise InterruptedError

    monkeypatch.setattr(driver, "DagsterPostgresStorage", storage, raising=False)
    monkeypatch.setitem(sys.modules, "dagster_postgres", driver)
    with pytest.raises(InterruptedError):
        dg.DagsterInstance.from_config(str(home))
    assert (
        asked["postgres_url"] == "postgresql+psycopg2://ana:secret@127.0.0.1/dagster"
        and asked["should_autocreate_tables"]
    )
    assert not (home / "data" / ".dagster" / "history").exists()


@pytest.mark.parametrize(
    ("pid", "status"),
    [(os.getpid(), "RUNNING"), (2**22 + 1, "FAILED"), (None, "FAILED")],
    ids=["alive", "gone", "unknown"],
)
def test_a_run_whose_code_server_is_gone_lives_as_long_as_its_process(home: Path, pid: int | None, status: str) -> None:
    gone = json.dumps({"host": "localhost", "socket": str(home / "no.sock")})
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = create_run_for_test(instance, tags={".dagster/grpc_info": gone}, status=dg.DagsterRunStatus.STARTED)
        if pid is not None:
            from dagster._core.events import EngineEventData

            instance.report_engine_event("Executing steps", run, EngineEventData.in_process(pid))
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.run_launcher.check_run_worker_health(run).status.value == status
        instance.report_run_failed(run)
        ended = instance.get_run_by_id(run.run_id)
        assert ended is not None
        assert instance.run_launcher.check_run_worker_health(ended).status.value == "UNKNOWN"


def test_the_web_server_listens_on_this_machine_alone_everywhere(root: Path) -> None:
    texts = {path: path.read_text("utf-8") for path in (root / "deploy").rglob("*") if path.is_file()}
    texts[root / "Makefile"] = (root / "Makefile").read_text("utf-8")
    starts = [
        (path.name, line)
        for path, text in texts.items()
        for line in text.splitlines()
        if re.search(r"(dagster-webserver|dagster dev)\b.* --", line)
    ]
    assert {name for name, _ in starts} == {"compose.yaml", "observatory-web.service", "Makefile"}
    assert all("--host 127.0.0.1" in line for _, line in starts), starts
    for name in ("compose.yaml", "nginx.conf", "systemd/observatory-web.service"):
        assert re.search(r"HAS NO LOG-IN", texts[root / "deploy" / name]), name
    proxy = texts[root / "deploy" / "nginx.conf"]
    assert "auth_basic_user_file" in proxy and "ssl_certificate_key" in proxy
    assert [line.strip() for line in proxy.splitlines() if "proxy_pass" in line] == [
        "proxy_pass http://127.0.0.1:3000;"
    ]


class Behind(BaseHTTPRequestHandler):
    """In the place of the web server: says what it was sent."""

    def do_GET(self) -> None:
        body = json.dumps({name.casefold(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def behind() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Behind) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(root: Path, tmp_path: Path, behind: int) -> Iterator[tuple[int, int]]:
    """nginx with the file of deploy/, its ports and paths alone changed; the ports of https and http."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None or shutil.which("openssl") is None:
        pytest.skip("needs nginx and openssl (Debian's nginx-light)")
    secure, plain = free_port(), free_port()
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=observatory.example.org", "-days", "2"]
    pair = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "fullchain.pem")]
    subprocess.run(["openssl", *made, *pair], check=True, capture_output=True)
    (tmp_path / "observatory.htpasswd").write_text("ana:{PLAIN}a secret word\n")
    text = (root / "deploy" / "nginx.conf").read_text("utf-8")
    for theirs, ours in (
        ("/etc/ssl/observatory/", f"{tmp_path}/"),
        ("/etc/nginx/observatory.htpasswd;", f"{tmp_path}/observatory.htpasswd;"),
        ("listen 443 ssl", f"listen 127.0.0.1:{secure} ssl"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("127.0.0.1:3000", f"127.0.0.1:{behind}"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    folders = "".join(
        f"{word}_temp_path {tmp_path}/{word}; " for word in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        # whoever runs the test, the folder of the test is that user's alone
        f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors; "
        f"events {{}} http {{ access_log off; {folders}\n{text} }}"
    )
    process = subprocess.Popen([nginx, "-p", str(tmp_path), "-e", str(tmp_path / "errors"), "-c", "nginx.conf"])
    try:
        while True:
            assert process.poll() is None, (tmp_path / "errors").read_text()
            try:
                requests.get(f"http://127.0.0.1:{plain}/", allow_redirects=False)
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        yield secure, plain
    finally:
        process.terminate()
        process.wait()


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_the_proxy_asks_who_is_there_and_keeps_the_answer_to_itself(proxy: tuple[int, int]) -> None:
    secure, plain = proxy
    address = f"https://127.0.0.1:{secure}/runs"
    assert requests.get(address, verify=False).status_code == 401
    assert requests.get(address, verify=False, auth=("ana", "another word")).status_code == 401
    let_in = requests.get(
        address, verify=False, auth=("ana", "a secret word"), headers={"Upgrade": "websocket", "Host": "o.example.org"}
    )
    assert let_in.status_code == 200
    said = let_in.json()
    assert "authorization" not in said and said["host"] == "o.example.org"
    assert (said["upgrade"], said["connection"], said["x-forwarded-proto"]) == ("websocket", "upgrade", "https")
    unsafe = requests.get(f"http://127.0.0.1:{plain}/runs", allow_redirects=False)
    assert unsafe.status_code == 301 and unsafe.headers["Location"].startswith("https://")


@pytest.mark.parametrize("unit", ["code", "daemon", "web"])
def test_systemd_knows_every_word_of_the_units(root: Path, unit: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    path = root / "deploy" / "systemd" / f"observatory-{unit}.service"
    done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
    # the programs and the user are not of this machine
    others = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert [line for line in others if "observatory" in line] == []


def test_services_run_without_privileges_and_only_the_proxy_is_reached(root: Path) -> None:
    compose = yaml.safe_load((root / "deploy" / "compose.yaml").read_text("utf-8"))
    services = compose["services"]
    ours = {name: service for name, service in services.items() if name != "proxy"}
    assert set(ours) == {"code", "daemon", "web"} and services["proxy"]["network_mode"] == "service:web"
    for name, service in ours.items():
        assert service["user"] == "10001:10001" and service["cap_drop"] == ["ALL"] and service["read_only"], name
        assert ("ports" in service) == (name == "web"), name
        assert service["environment"]["OBSERVATORY_CODE_SERVER"] == "code"
    assert services["web"]["ports"] == ["443:443", "80:80"] and compose["networks"]["inside"]["internal"]
    units = sorted((root / "deploy" / "systemd").glob("*.service"))
    assert [unit.stem for unit in units] == ["observatory-code", "observatory-daemon", "observatory-web"]
    for unit in units:
        words = unit.read_text("utf-8").splitlines()
        assert {"User=observatory", "NoNewPrivileges=true", "ProtectSystem=strict", "CapabilityBoundingSet="} <= set(
            words
        )
        assert not [word for word in words if "0.0.0.0" in word], unit


def test_the_example_of_settings_names_only_settings(root: Path) -> None:
    text = (root / "deploy" / "observatory.env.example").read_text("utf-8")
    named = {line.lstrip("#").split("=")[0] for line in text.splitlines() if re.match(r"#?[A-Z_]+=", line)}
    known = {f"OBSERVATORY_{name.upper()}" for name in Settings.model_fields}
    assert len(named) > 12 and named - known == {"DAGSTER_HOME", "OBSERVATORY_CODE_SERVER"}
