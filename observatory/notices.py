"""Telling people that something happened while nobody watched: a line in a file, a mail, a post to an address.

Belongs here: what a notice is, the sinks and which of them the settings ask for. Does not belong here: when there is
something to tell (assets/sensors.py).

A notice names tables, reasons and remedies, never a figure. The file gets every notice; a sink that fails says so and
keeps none of the others from theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from observatory.errors import ObservatoryError, UsageError
from observatory.settings import Settings

if TYPE_CHECKING:
    import smtplib

Kind = Literal["release", "late", "refused", "run failed"]
SECONDS = 20
"""How long a mail server or a webhook may take."""


@dataclass(frozen=True)
class Notice:
    """One thing to tell. ``facts`` are for programs, ``text`` is for people; ``at`` is an ISO time in UTC."""

    kind: Kind
    subject: str
    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


class Sink(Protocol):
    """Somewhere that notices go. ``send`` raises OSError where it cannot."""

    @property
    def name(self) -> str:
        """What the sink is called in a log; holds no secret."""
        ...

    def send(self, notice: Notice) -> None:
        """Hand the notice over."""
        ...


@dataclass(frozen=True)
class File:
    """One JSON object a line, appended."""

    path: Path

    @property
    def name(self) -> str:
        """The file."""
        return f"file {self.path}"

    def send(self, notice: Notice) -> None:
        """Append the notice."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(notice), ensure_ascii=False, default=str) + "\n")


@dataclass(frozen=True)
class Email:
    """A mail through SMTP (RFC 5321); ``security`` ``starttls`` or ``tls`` verifies the server's certificate."""

    to: tuple[str, ...]
    sender: str
    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "none"
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The mail server."""
        return f"mail through {self.host}:{self.port}"

    def send(self, notice: Notice) -> None:
        """Send one mail to all recipients."""
        from email.message import EmailMessage

        mail = EmailMessage()
        mail["Subject"] = " ".join(f"[observatory] {notice.kind}: {notice.subject}".split())
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies to a machine
        mail.set_content(f"{notice.text}\n\n{notice.at}\n")
        with self._server() as server:
            if self.user is not None:
                server.login(self.user, self.password or "")
            server.send_message(mail)

    def _server(self) -> smtplib.SMTP:
        import smtplib
        import ssl

        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server


@dataclass(frozen=True)
class Webhook:
    """A POST of the notice as JSON. Chat services read ``text``, so that holds the subject and the text."""

    address: str = field(repr=False)

    @property
    def name(self) -> str:
        """The host alone: the path of a webhook is its password."""
        from urllib.parse import urlsplit

        return f"webhook at {urlsplit(self.address).hostname}"

    def send(self, notice: Notice) -> None:
        """Post the notice. Redirects are not followed: they would take the content to an address nobody set."""
        import requests

        body = asdict(notice) | {"text": f"{notice.kind}: {notice.subject}\n{notice.text}"}
        data = json.dumps(body, ensure_ascii=False, default=str).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            answer = requests.post(self.address, data=data, headers=headers, timeout=SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            # the error's own text holds the address
            raise OSError(f"no answer ({type(error).__name__})") from None
        if answer.status_code >= 300:
            raise OSError(f"answered {answer.status_code}")


def sinks(settings: Settings) -> list[Sink]:
    """The sinks that the settings ask for; the file is always one. Raises UsageError for an address that is none."""
    chosen: list[Sink] = [File(settings.logs / "notices.jsonl")]
    if settings.notify_email:
        to = tuple(address.strip() for address in settings.notify_email.split(",") if address.strip())
        if bad := [address for address in to if address.count("@") != 1 or any(c.isspace() for c in address)]:
            raise UsageError(
                f"{bad[0]!r} is not a mail address", remedy="Set OBSERVATORY_NOTIFY_EMAIL to a@b.org,c@d.org"
            )
        password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
        if settings.smtp_user and settings.smtp_security == "none" and settings.smtp_host not in LOCAL:
            raise UsageError(
                f"a password for {settings.smtp_host} over an open line",
                remedy="Set OBSERVATORY_SMTP_SECURITY to starttls or tls",
            )
        server = (settings.smtp_host, settings.smtp_port, settings.smtp_security)
        chosen.append(Email(to, settings.smtp_from, *server, settings.smtp_user, password))
    if settings.notify_webhook:
        address = settings.notify_webhook.get_secret_value()
        if not address.startswith(("http://", "https://")):
            raise UsageError("OBSERVATORY_NOTIFY_WEBHOOK is not an address", remedy="It begins with https://")
        chosen.append(Webhook(address))
    return chosen


LOCAL = ("127.0.0.1", "::1", "localhost")


def send(notice: Notice, to: Iterable[Sink]) -> list[ObservatoryError]:
    """Hand a notice to every sink; returns what went wrong, one error a sink that failed."""
    problems = []
    for sink in to:
        try:
            sink.send(notice)
        except OSError as error:
            problems.append(
                ObservatoryError(f"a notice ({notice.kind}) did not reach {sink.name}: {error}", remedy=REMEDY)
            )
    return problems


REMEDY = "Every notice stands in data/log/notices.jsonl; mend the sink's settings (README, Unattended)"
