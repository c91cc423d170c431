"""What a command cost, for the other scripts here.

The system counts to a program's peak memory what the process had that started it. So it is started by this file, which
has next to none, and not by a script that may have read hundreds of megabytes.
"""
import json
import os
import subprocess
import sys
import time


def measured(command, out, errors):
    """Runs a command whose output goes to these files; gives its exit code, and what its whole tree cost: seconds of
    processor and of the wall, the peak of its memory in MB, and the bytes that it had written."""
    told, telling = os.pipe()
    try:
        began = time.monotonic()
        child = subprocess.Popen([sys.executable, "-S", "-E", __file__, str(telling), *command],
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=errors, pass_fds=[telling])
        os.close(telling)
        with os.fdopen(told) as cost:
            cost = json.load(cost)
        child.wait()
    except json.JSONDecodeError:
        raise SystemExit(f"wrong: {command[0]} cannot be started") from None
    return cost | dict(wall=cost["ended"] - began)


def run(telling, command):
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_CLOSE, telling)])
    _, status, used = os.wait4(child, 0)
    cost = dict(code=os.waitstatus_to_exitcode(status), ended=time.monotonic(), cpu=used.ru_utime + used.ru_stime,
                mb=used.ru_maxrss / 1e3, written=used.ru_oublock * 512)
    with os.fdopen(telling, "w") as out:
        json.dump(cost, out)


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2:])
