"""Local stand-ins for the publishers, for tests only.

Belongs here: servers on 127.0.0.1 that answer as Eustat's bank and Eurostat's services do, quirks and
failures included. Does not belong here: anything imported from ``observatory``. The servers have a reader and
a writer of their own, so that a client and a server that agree prove something.

Use: ``with PxWebServer({"PX_1": data}) as bank: ... bank.base ... bank.log``.
"""

from tests.servers.base import Call, LocalServer, Reply
from tests.servers.cube import Cube, Dim
from tests.servers.eurostat import EurostatServer
from tests.servers.eurostat_data import Dataset
from tests.servers.faults import Fault, Plan, every, randomly
from tests.servers.pxweb import PxWebServer

__all__ = [
    "Call",
    "Cube",
    "Dataset",
    "Dim",
    "EurostatServer",
    "Fault",
    "LocalServer",
    "Plan",
    "PxWebServer",
    "Reply",
    "every",
    "randomly",
]
