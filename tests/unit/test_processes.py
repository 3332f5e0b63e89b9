import os
import subprocess
import sys
import time

import pytest

from observatory.processes import lives


def test_this_process_lives_and_one_that_was_never_there_does_not() -> None:
    assert lives(os.getpid())
    assert not lives(2**22 + 1)


def test_a_process_that_ended_is_gone_though_nobody_has_collected_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.read()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not lives(child.pid)


@pytest.mark.parametrize(("seconds", "same"), [(0, True), (-86_400, False)], ids=["now", "yesterday"])
def test_a_number_that_was_given_out_again_is_another_process(seconds: int, same: bool) -> None:
    assert lives(os.getpid(), by=time.time() + seconds) is same
