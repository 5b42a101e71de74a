"""Running a program and saying what it took: wall and CPU time, peak memory, and what others did meanwhile."""

import ctypes
import os
import re
import select
import subprocess
import time
from dataclasses import dataclass

SAMPLE_MS = 20
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """A program failed, or a judge refused what it made: the figures of the case count as nothing."""


@dataclass
class Sample:
    """What one run took. None: not known, as memory is where the run was over before the first look at it."""

    wall_s: float
    cpu_s: float
    user_s: float | None = None
    sys_s: float | None = None
    peak_rss_kib: int | None = None
    peak_anon_kib: int | None = None
    foreign_cores: float | None = None


def machine_busy_s():
    """CPU seconds that all processes of this machine have used since it started."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _idle, _iowait, irq, softirq = map(int, stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND


def process_cpu_s(pid):
    """CPU seconds of a process so far, all its threads together, those that have ended too. /proc/PID/stat has the same
    in hundredths of a second, too coarse for a small change."""
    clock = ctypes.c_int()
    error = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise BenchError(f"no CPU clock of process {pid}: {os.strerror(error)}")
    return time.clock_gettime(clock.value)


def own_cpu_s():
    times = os.times()
    return times.user + times.system


class Memory:
    """Peaks of a process, by looking at /proc/PID/status.

    Peak RSS is the kernel's own high-water mark. It counts pages of mapped files, which cost nothing that another
    program could not have; so the anonymous pages are watched, too. The kernel keeps no mark of those: a peak shorter
    than the SAMPLE_MS between two looks can be missed.
    """

    PATTERN = re.compile(r"^(VmHWM|RssAnon):\s+(\d+) kB$", re.MULTILINE)

    def __init__(self, pid):
        self.path = f"/proc/{pid}/status"
        self.rss_kib = None
        self.anon_kib = None

    def look(self):
        try:
            with open(self.path, encoding="utf-8") as status:
                found = {name: int(kib) for name, kib in self.PATTERN.findall(status.read())}
        except ProcessLookupError:
            return
        if "RssAnon" in found:  # gone once the process has ended and nobody has waited for it yet
            self.rss_kib = found["VmHWM"]
            self.anon_kib = max(self.anon_kib or 0, found["RssAnon"])


class Ended:
    """Waits for a process to end, for at most some milliseconds at a time."""

    def __init__(self, pid):
        self.fd = os.pidfd_open(pid)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)

    def within(self, milliseconds):
        return bool(self.poll.poll(milliseconds))

    def close(self):
        os.close(self.fd)


def run(argv, log, stdout=None):
    """Runs ARGV to its end. What it says goes to the file LOG, or its standard output to the file STDOUT."""
    os.sync()  # nobody shall wait for the disk to write what the one before left in memory
    with open(log, "ab") as log_file, open(stdout or os.devnull, "wb") as stdout_file:
        busy, own, start = machine_busy_s(), own_cpu_s(), time.monotonic()
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=stdout_file if stdout else log_file, stderr=log_file
        )
        memory, ended = Memory(process.pid), Ended(process.pid)
        while not ended.within(SAMPLE_MS):
            memory.look()
        wall_s = time.monotonic() - start
        ended.close()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        busy, own = machine_busy_s() - busy, own_cpu_s() - own
    if process.returncode != 0:
        raise BenchError(f"{argv[0]} ended with status {process.returncode}; it said:\n{tail(log)}")
    cpu_s = usage.ru_utime + usage.ru_stime
    foreign_s = max(0.0, busy - own - cpu_s)  # own_cpu_s counts us, not our children
    return Sample(
        wall_s, cpu_s, usage.ru_utime, usage.ru_stime, memory.rss_kib, memory.anon_kib, foreign_s / wall_s
    )


def run_quietly(argv, log):
    """For what is not measured: keys, judges."""
    with open(log, "ab") as log_file:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(map(str, argv))}: status {done.returncode}; it said:\n{tail(log)}")


def tail(path, length=1500):
    with open(path, "rb") as text:
        text.seek(max(0, os.path.getsize(path) - length))
        return text.read().decode("utf-8", "replace").strip()
