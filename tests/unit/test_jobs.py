"""Every job that workers know can be announced, and none else."""

from __future__ import annotations

from app import jobs, queue


def test_each_job_has_a_queue_that_workers_listen_to() -> None:
    assert set(queue._QUEUE_OF) == set(jobs._JOBS)
    assert set(queue._QUEUE_OF.values()) <= set(queue.QUEUES)
