"""Spark as others run it: a Connect server, and a master with one worker, as processes on 127.0.0.1.

Belongs here: starting and ending them. Does not belong here: what they are asked. The programs come with pyspark.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers.base import free_port

HOST = "127.0.0.1"
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"


@contextmanager
def connect(folder: Path) -> Iterator[dict[str, str]]:
    """A Spark Connect server; what the environment of a client says of it."""
    port = free_port()
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": str(port),
    }
    given = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    words = ["spark-submit", "--master", "local[2]", "--driver-memory", "1g", *given, "--class", CONNECT]
    with _running(folder, port, *words, "spark-internal"):
        yield {"SPARK_REMOTE": f"sc://{HOST}:{port}"}


@contextmanager
def master(folder: Path) -> Iterator[dict[str, str]]:
    """A master and a worker of one gigabyte; what the environment of a driver says of them."""
    port, word = free_port(), "org.apache.spark.deploy"
    address = f"spark://{HOST}:{port}"
    pages = [str(free_port()), str(free_port())]
    leads = ["--port", str(port), "--webui-port", pages[0]]
    works = ["--cores", "2", "--memory", "1g", "--work-dir", str(folder / "work"), "--webui-port", pages[1]]
    with (
        _running(folder, port, "spark-class", f"{word}.master.Master", "--host", HOST, *leads),
        _running(folder, int(pages[1]), "spark-class", f"{word}.worker.Worker", "--host", HOST, *works, address),
    ):
        yield {"OBSERVATORY_SPARK_MASTER": address, "SPARK_LOCAL_IP": HOST}


@contextmanager
def _running(folder: Path, port: int, program: str, *words: str) -> Iterator[None]:
    """A program of Spark's, from the moment that its port answers."""
    from pyspark.find_spark_home import _find_spark_home

    home = Path(_find_spark_home())
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST}
    log = folder / f"{port}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(home / "bin" / program), *words], cwd=folder, env=environment, stdout=said, stderr=said
        )
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise RuntimeError(f"{program} ended: {log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port)):
        return True
    return False
