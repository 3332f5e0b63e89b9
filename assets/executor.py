"""How the steps of Dagster's runs are carried out: in one process, while nobody else works in the data folder.

Belongs here: that a run of the daemon or of the web page holds the lock that the command line's runs hold, and waits
for it. Does not belong here: the lock (observatory/running.py), the order of runs among each other (dagster.yaml). A
run of the command line holds the lock already and does not come by here (assets/run.py).
"""

import contextlib
from collections.abc import Iterator

import dagster as dg
from dagster._core.errors import raise_execution_interrupts
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

from observatory import doctor, running
from observatory.build import Workspace
from observatory.settings import Settings


class Alone(InProcessExecutor):
    """Takes the lock first, waiting as long as it must, and clears away what killed runs left half written."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(RetryMode.ENABLED)
        self._settings = settings

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Events of the steps, as they come."""
        run = plan_context.dagster_run

        def waiting(other: str) -> None:
            plan_context.log.info(f"waiting: {other}")

        what = f"Dagster's run of {run.job_name} ({run.run_id})"
        with contextlib.ExitStack() as held:
            with raise_execution_interrupts():  # one that waits can be stopped
                held.enter_context(running.alone(self._settings.data_dir, what, waiting))
            doctor.sweep(self._settings)
            yield from super().execute(plan_context, execution_plan)


def executor(ws: Workspace) -> dg.ExecutorDefinition:
    """Dagster's executor in one process, alone in the data folder of ``ws``."""

    @dg.executor(name="in_process")
    def alone(_: dg.InitExecutorContext) -> Alone:
        return Alone(ws.settings)

    return alone
