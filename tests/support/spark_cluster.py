"""A Spark cluster on this machine: a standalone master and its workers, each a process."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import ibis
from prefect_server import free_port

_CLASSES: Final = "org.apache.spark.deploy."
_HERE: Final = "127.0.0.1"


@contextmanager
def spark_cluster(folder: Path, *, workers: int = 2) -> Iterator[ibis.BaseBackend]:
    """Start a cluster of workers with one core each, and connect to it.

    Args:
        folder: Where logs and scratch files go.
        workers: How many.
    """
    from pyspark.sql import SparkSession

    port = free_port()
    address = f"spark://{_HERE}:{port}"
    with ExitStack() as stack:
        master = ["master.Master", "--host", _HERE, "--port", str(port), "--webui-port", "0"]
        stack.enter_context(_process(master, folder / "master.log"))
        log = folder / "master.log"
        _wait_for(log, "New state: ALIVE", 1)
        for number in range(workers):
            worker = ["worker.Worker", "--host", _HERE, "--webui-port", "0", "--cores", "1"]
            worker += ["--memory", "1g", "--work-dir", str(folder / f"work-{number}"), address]
            stack.enter_context(_process(worker, folder / f"worker-{number}.log"))
        _wait_for(log, "Registering worker", workers)
        session = (
            SparkSession.builder.master(address)
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", str(2 * workers))
            .config("spark.executor.memory", "800m")
            .config("spark.driver.bindAddress", _HERE)
            .config("spark.driver.host", _HERE)
            .config("spark.scheduler.minRegisteredResourcesRatio", "1")
            .getOrCreate()
        )
        stack.callback(session.stop)
        yield ibis.pyspark.connect(session)


@contextmanager
def _process(arguments: list[str], log: Path) -> Iterator[None]:
    import pyspark

    home = Path(pyspark.__file__).parent
    command = [str(home / "bin" / "spark-class"), _CLASSES + arguments[0], *arguments[1:]]
    own = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": _HERE, "SPARK_LOCAL_DIRS": str(log.parent)}
    environment = {**os.environ, **own}  # noqa: TID251
    with (
        log.open("wb") as out,
        subprocess.Popen(command, env=environment, stdout=out, stderr=out) as started,
    ):
        yield
        started.terminate()


def _wait_for(log: Path, line: str, times: int) -> None:
    deadline = time.monotonic() + 120
    while log.read_text().count(line) < times:
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within 120 s: '{line}' in {log.read_text()[-2000:]}")
        time.sleep(0.2)
