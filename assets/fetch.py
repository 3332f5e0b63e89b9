"""The fetch job: one step a table, asked again with back-off where its publisher fails, and never where it is refused.

Belongs here: the job and its retries. Does not belong here: what is believed of an answer (observatory/fetching.py),
when it runs (schedules.py). The job builds nothing: a refresh that follows takes what came from the lock, and a table
that did not come leaves the snapshot before.
"""

import functools
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from assets.executor import executor
from observatory import fetching, runs
from observatory.build import Workspace
from observatory.errors import PublisherError
from observatory.sources import Publishers

RETRIES = dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For publishers only: a passing fault of theirs goes by in minutes, a table that is refused stays as it is."""


class FetchConfig(dg.Config):
    """Which sources to ask for; empty for all that can be fetched."""

    sources: list[str] = Field(default=[])


def job(ws: Workspace, retries: dg.RetryPolicy = RETRIES) -> dg.JobDefinition:
    """The job ``fetch`` of one workspace."""
    clients = functools.cache(lambda: fetching.publishers(ws.settings))

    @dg.op(out=dg.DynamicOut(str), description="The sources to ask for, each its own step")
    def choose(config: FetchConfig) -> Iterator[dg.DynamicOutput[str]]:
        for source in fetching.choose(ws, config.sources):
            yield dg.DynamicOutput(source.id, mapping_key=source.id)

    @dg.op(retry_policy=retries, description="Ask for one table if its stamp moved, look at it, keep it")
    def fetch_table(context: dg.OpExecutionContext, source: str) -> None:
        one(context, ws, clients(), source)

    @dg.job(name="fetch", executor_def=executor(ws), description="Fetch what publishers have re-issued")
    def fetch() -> None:
        choose().map(fetch_table)

    return fetch


def one(context: dg.OpExecutionContext, ws: Workspace, clients: Publishers, source: str) -> None:
    """Fetch one table. Raises the publisher's failure as it is, so that it is retried, and a refusal as final."""
    (outcome,) = fetching.fetch(ws, fetching.choose(ws, [source]), clients, since_updated=True)
    context.log.info(fetching.line(outcome))
    facts = {"source": source, "state": outcome.state, "detail": outcome.detail, "attempt": context.retry_number}
    runs.write(ws.settings, context.run.run_id, "table fetched" if outcome.error is None else "fetch failed", **facts)
    if isinstance(outcome.error, PublisherError):
        raise outcome.error
    if outcome.error is not None:
        raise dg.Failure(str(outcome.error), allow_retries=False) from outcome.error
    if outcome.state == "fetched":
        metadata: dict[str, Any] = {
            "added": outcome.drift.added,
            "revised": outcome.drift.revised,
            "unchanged": outcome.drift.unchanged,
        }
        context.log_event(dg.AssetMaterialization(["snapshots", source], outcome.detail, metadata=metadata))
