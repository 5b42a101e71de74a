"""Others' opinion of the zones that were made: a fast wrong zone counts as nothing.

Two validators that share no code with us or with each other read each signed zone: Knot's kzonecheck (every signature,
the whole denial chain) and BIND's dnssec-verify (the same). A zone with the same bytes as one that was accepted needs
no second reading: signatures are deterministic and all runs of a case sign for the same moment, so that this is what
happens from the second round on, and it proves the determinism by the way.
"""

import hashlib
import mmap
import re
import subprocess
import sys

from measure import BenchError, tail

# How it is called, and the bytes it needs for each name of a zone (at 100,000 names 1,730 and 1,650 were measured).
JUDGES = {
    "kzonecheck -d on": (lambda zone, origin: ["kzonecheck", "-d", "on", "-o", origin, zone], 1900),
    "dnssec-verify": (lambda zone, origin: ["dnssec-verify", "-q", "-o", origin, zone], 1800),
}
RRSIG = re.compile(rb"[ \t]RRSIG[ \t]+[A-Z0-9]+[ \t]+\d+[ \t]+\d+[ \t]")  # a record of its own, not a word in a bitmap


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        return int(re.search(r"MemAvailable:\s+(\d+)", meminfo.read()).group(1)) * 1024


def digest(path):
    """Of a file, or of all files in a folder."""
    if path.is_dir():
        return hashlib.sha256("".join(digest(file) for file in sorted(path.iterdir())).encode()).hexdigest()
    with open(path, "rb") as zone:
        return hashlib.file_digest(zone, "sha256").hexdigest()


def count_signatures(path):
    with open(path, "rb") as zone, mmap.mmap(zone.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return sum(1 for _ in RRSIG.finditer(text))


class Judges:
    def __init__(self, work):
        self.log = work / "judges"
        self.accepted = {}  # digest of a zone: the judges that accepted it

    def judge(self, zone, origin, names=0):
        """The judges that accept the file ZONE; BenchError when one refuses. NAMES: how large it is."""
        key = digest(zone)
        if key not in self.accepted:
            self.accepted[key] = self.read(zone, origin, names)
        return self.accepted[key]

    def read(self, zone, origin, names):
        room = available_memory()
        at_once = sum(need for _, need in JUDGES.values()) * names <= room
        accepted, running = [], []
        for name, (argv, need) in JUDGES.items():
            if need * names > room:
                print(f"  {name} is left out: {names} names need more memory than there is", file=sys.stderr)
                continue
            accepted.append(name)
            running.append(self.start(name, argv(str(zone), origin)))
            if not at_once:
                self.finish(running.pop(), zone)
        for judge in running:
            self.finish(judge, zone)
        if not accepted:
            raise BenchError(f"{zone}: no judge has the memory to read it")
        return accepted

    def start(self, name, argv):
        log = self.log.with_name(f"judge-{argv[0]}.log")
        with open(log, "wb") as out:
            return name, log, subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @staticmethod
    def finish(judge, zone):
        name, log, process = judge
        if process.wait() != 0:
            raise BenchError(f"{name} refuses {zone}:\n{tail(log)}")

    def judge_many(self, folder, origins):
        """A folder of small zones, each <origin>.zone."""
        accepted = []
        for origin in origins:
            zone = folder / f"{origin}.zone"
            if not zone.is_file():
                raise BenchError(f"{zone} was not made")
            accepted = self.judge(zone, origin)
        return accepted
