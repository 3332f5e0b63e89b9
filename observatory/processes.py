"""Whether a process of this machine lives.

Belongs here: that question. Does not belong here: what is done about a process that is gone (runs.py, doctor.py,
assets/launcher.py).
"""

CLOCK = 5.0
"""Seconds by which a start may seem later than what the process itself wrote: the system counts them in ticks."""


def lives(pid: int, by: float | None = None) -> bool:
    """Whether process ``pid`` runs; one that ended and waits to be collected does not.

    ``by`` is a moment (seconds since 1970) at which the process meant was running already: a later one with its
    number, as after a restart of the machine, is another.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return by is None or process.create_time() <= by + CLOCK
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
