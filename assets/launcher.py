"""Dagster's own launcher, with an answer to whether the process of a run still lives.

Belongs here: that answer, for `run_launcher` in dagster.yaml. Does not belong here: how a run is started or stopped,
which is Dagster's. Without it a run whose machine or code server died stays "started", and the queue behind it waits,
until the longest time a run may take is over.
"""

from dagster import DagsterEventType, DagsterRun
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from observatory.processes import lives


class Launcher(DefaultRunLauncher):
    """Starts runs on the code server; says of a run whether its worker is there."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """The monitor may ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Ask the code server that started the run; where that is gone, look for the process on this machine."""
        client = self._get_grpc_client_for_termination(run.run_id)
        if client is None:
            return CheckRunHealthResult(WorkerStatus.UNKNOWN, "the run has no code server, or has ended")
        try:
            reply = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=10)
        except DagsterUserCodeUnreachableError:
            worker = self._worker(run)
            if worker is not None and lives(*worker):
                said = f"process {worker[0]} lives, its code server is gone"
                return CheckRunHealthResult(WorkerStatus.RUNNING, said)
            return CheckRunHealthResult(WorkerStatus.FAILED, "the code server and the run's process are gone")
        if deserialize_value(reply, CanCancelExecutionResult).can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server no longer knows the run")

    def _worker(self, run: DagsterRun) -> tuple[int, float] | None:
        """The process that the run's own log names, and when it did."""
        for entry in self._instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT):
            event = entry.dagster_event
            if event is not None and (pid := event.engine_event_data.metadata.get("pid")) is not None:
                return int(str(pid.value)), entry.timestamp
        return None
