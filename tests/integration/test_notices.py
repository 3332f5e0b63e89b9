"""Notices: to a file, by mail and to a webhook, each against a server on this machine that takes them apart."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from observatory import notices
from observatory.errors import UsageError
from observatory.notices import Email, File, Notice, Webhook
from observatory.settings import Settings

NOTICE = Notice(
    "refused",
    "eustat_gva_a38: 12 regions gone\nBcc: everybody@example.org",
    "La tabla PX_170112_cpib_pib_a_01 no es la que era.\n.\nSe queda la anterior.",
    {"source": "eustat_gva_a38"},
    "2026-11-23T10:00:00+00:00",
)


class Mail(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs; ``refuse`` answers RCPT with a 550."""

    def handle(self) -> None:
        self.say("220 test ESMTP")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            self.server.words.append(line.decode().strip())
            if word == b"DATA":
                self.say("354 go on")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text[1:] if text.startswith(b".") else text)
                self.server.mails.append(b"".join(lines))
                self.say("250 taken")
            elif word == b"QUIT":
                return self.say("221 bye")
            elif word == b"AUTH":
                self.say("235 welcome")
            elif word == b"EHLO":
                self.say("250-test\r\n250 AUTH PLAIN")
            else:
                self.say("550 no such person" if word == b"RCPT" and self.server.refuse else "250 ok")
        return None

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class Post(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def running(server: socketserver.TCPServer) -> Iterator[socketserver.TCPServer]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def mail() -> Iterator[socketserver.TCPServer]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
    server.mails, server.words, server.refuse = [], [], False
    with running(server):
        yield server


@pytest.fixture
def hook() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    server.posts, server.status = [], 200
    with running(server):
        yield server


def settings(tmp_path: Path, **more: object) -> Settings:
    return Settings(data=tmp_path, **more)


def test_a_notice_goes_to_every_sink_of_the_settings(
    tmp_path: Path, mail: socketserver.TCPServer, hook: ThreadingHTTPServer
) -> None:
    chosen = notices.sinks(
        settings(
            tmp_path,
            notify_email="ana@example.org, jon@example.org",
            smtp_port=mail.server_address[1],
            smtp_user="observatory",
            smtp_password="secret word",
            notify_webhook=f"http://127.0.0.1:{hook.server_address[1]}/T0/secret-path",
        )
    )
    assert [type(sink) for sink in chosen] == [File, Email, Webhook]
    assert notices.send(NOTICE, chosen) == notices.send(NOTICE, chosen) == []

    lines = (tmp_path / "log" / "notices.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 2 and json.loads(lines[0]) == json.loads(lines[1])
    assert json.loads(lines[0])["facts"] == {"source": "eustat_gva_a38"}

    letter = message_from_bytes(mail.mails[0], policy=policy.default)
    assert letter["Subject"] == "[observatory] refused: eustat_gva_a38: 12 regions gone Bcc: everybody@example.org"
    assert letter["To"] == "ana@example.org, jon@example.org" and letter["Bcc"] is None
    assert letter.get_content().splitlines()[:3] == NOTICE.text.splitlines()
    assert {w.casefold() for w in mail.words if w.casefold().startswith("rcpt")} == {
        "rcpt to:<ana@example.org>",
        "rcpt to:<jon@example.org>",
    }

    path, kind, posted = hook.posts[0]
    assert (path, kind) == ("/T0/secret-path", "application/json; charset=utf-8")
    assert posted["text"].startswith("refused: eustat_gva_a38") and posted["at"] == NOTICE.at


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_sink_that_fails_is_named_without_its_secret_and_keeps_none_from_theirs(
    tmp_path: Path, mail: socketserver.TCPServer, hook: ThreadingHTTPServer, status: int
) -> None:
    hook.status, mail.refuse = status, True
    address = f"http://127.0.0.1:{hook.server_address[1]}/T0/secret-path"
    port = mail.server_address[1]
    chosen = [Webhook(address), Email(("ana@example.org",), "o@example.org", "127.0.0.1", port), File(tmp_path / "n")]
    problems = [str(problem) for problem in notices.send(NOTICE, chosen)]
    assert len(problems) == 2 and len(hook.posts) == 1 and (tmp_path / "n").exists()
    assert f"did not reach webhook at 127.0.0.1: answered {status}" in problems[0]
    assert re.search(r"did not reach mail through 127\.0\.0\.1:\d+: .*no such person", problems[1])
    assert "secret" not in "".join(problems) + repr(chosen)


def test_servers_that_are_not_there_are_named(tmp_path: Path) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), Mail) as closed:
        port = closed.server_address[1]
    chosen = [Webhook(f"http://127.0.0.1:{port}/secret-path"), Email(("a@b",), "o@b", "127.0.0.1", port)]
    hook, mail = (str(problem) for problem in notices.send(NOTICE, chosen))
    assert "no answer (ConnectionError)" in hook and "secret-path" not in hook
    assert f"127.0.0.1:{port}" in mail and "Connection refused" in mail


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"notify_email": "ana example.org"}, "is not a mail address"),
        ({"notify_webhook": "ftp://example.org"}, "OBSERVATORY_NOTIFY_WEBHOOK"),
        ({"notify_email": "a@b.org", "smtp_user": "u", "smtp_host": "mail.example.org"}, "over an open line"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, wrong: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        notices.sinks(settings(tmp_path, **wrong))
