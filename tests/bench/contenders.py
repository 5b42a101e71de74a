"""The signers that run against each other. A contender prepares what is not measured, runs once a round, and names
what it made, so that the judges can read it.
"""

import json
import re
import shutil
import statistics
import subprocess

import measure
from measure import BenchError

ALGORITHMS = {"ecdsap256sha256": 13, "ecdsap384sha384": 14, "ed25519": 15}  # the names are Knot's as well as ours


class Contender:
    name = ""  # what ran, for the report
    program = ""
    same_from = None  # what it is made from, where all runs from the same input must give the same bytes
    made = None  # the signed zone, or a folder of them

    def __init__(self):
        self.samples = []

    def run(self):
        self.samples.append(self.measure())
        return self.samples[-1]

    def measure(self):
        raise NotImplementedError


class Program(Contender):
    """One process from start to end."""

    def __init__(self, name, argv, made, log, stdout=None, same_from=None):
        super().__init__()
        self.name, self.argv, self.made = name, [str(word) for word in argv], made
        self.program = name.split()[0].rstrip(",")
        self.same_from = same_from
        self.log, self.stdout = log, stdout

    def prepare(self):
        if self.made is not None and self.made.is_file():
            self.made.unlink()

    def measure(self):
        self.prepare()
        return measure.run(self.argv, self.log, self.stdout)


class Mudzone:
    """Our command. The folder holds the keys of one zone and one algorithm; the moment is the same in all runs."""

    def __init__(self, binary, folder, now, threads):
        self.binary, self.folder, self.now, self.threads = binary, folder, now, threads
        folder.mkdir(parents=True, exist_ok=True)

    def command(self, check, threads=None, algorithm="ecdsap256sha256", nsec3=False, previous=None):
        argv = [self.binary, "sign", "--json", "--no-zonemd", "--now", str(self.now), "--keys", self.folder / "keys"]
        argv += ["--algorithm", algorithm, "--threads", str(threads or self.threads), f"--self-check={check}"]
        if nsec3:
            argv.append("--nsec3")
        if previous is not None:
            argv += ["--previous", previous]
        return argv

    def contender(self, zone, label, check, **options):
        """Signs ZONE. LABEL tells apart what the runs of one case write."""
        name = f"mudzone sign --self-check={check} --threads {options.get('threads') or self.threads}"
        name += " --previous" if options.get("previous") is not None else ""
        made = self.folder / f"{label}.zone"
        argv = self.command(check, **options) + ["-o", made, zone]
        return Program(name, argv, made, self.folder / "log", self.folder / f"{label}.json", zone)

    def make_keys(self, zone, **options):
        measure.run_quietly(
            [str(word) for word in self.command("off", **options)] + ["-o", str(self.folder / "keys.zone"), str(zone)],
            self.folder / "log",
        )

    @staticmethod
    def signatures_made(contender):
        with open(contender.stdout, encoding="utf-8") as report:
            return json.load(report)["signatures-made"]


def knot_policy(algorithm, nsec3, threads):
    return f"""policy:
  - id: bench
    algorithm: {algorithm}
    ksk-lifetime: 0
    zsk-lifetime: 0
    signing-threads: {threads}
    nsec3: {"on" if nsec3 else "off"}
    nsec3-iterations: 0
    nsec3-salt-length: 0
"""


class Kzonesign(Program):
    """Knot's one-shot signer, with keys made beforehand as its policy wants them (KSK and ZSK)."""

    def __init__(self, folder, zone, origin, threads, algorithm="ecdsap256sha256", nsec3=False):
        super().__init__(
            f"kzonesign, signing-threads: {threads}",
            ["kzonesign", "-c", folder / "knot.conf", "-o", folder / "out", origin],
            folder / "out" / "input.zone",  # it keeps the input's file name
            folder / "log",
        )
        self.folder, self.origin = folder, origin
        (folder / "out").mkdir(parents=True)
        (folder / "db").mkdir()
        self.input = folder / "input.zone"
        (folder / "knot.conf").write_text(
            f'server:\n  rundir: "{folder}"\ndatabase:\n  storage: "{folder}/db"\n'
            + knot_policy(algorithm, nsec3, threads)
            + f'zone:\n  - domain: {origin}\n    file: "{self.input}"\n    journal-content: none\n'
            "    zonefile-load: whole\n    dnssec-signing: on\n    dnssec-policy: bench\n",
            encoding="utf-8",
        )
        for role in ("ksk", "zsk"):
            argv = ["keymgr", "-c", str(folder / "knot.conf"), origin, "generate", f"algorithm={algorithm}"]
            measure.run_quietly([*argv, f"{role}=yes"], self.log)
        self.read(zone)

    def read(self, zone):
        self.input.unlink(missing_ok=True)
        self.input.symlink_to(zone)

    def read_own_with_change(self, owner, address):
        """Signs once, then takes what it made as input, one address changed: it reuses the signatures in its input."""
        self.name += ", its own output changed"
        self.run()
        self.samples.clear()
        changed = self.folder / "changed.zone"
        change_address(self.made, changed, owner, address)
        self.read(changed)


class DnssecSignzone(Program):
    def __init__(self, folder, zone, origin, threads, algorithm="ecdsap256sha256", nsec3=False):
        made = folder / "signed.zone"
        make_bind_keys(folder, origin, algorithm)
        argv = ["dnssec-signzone", "-S", "-q", "-P", "-n", threads, "-K", folder, "-d", folder, "-O", "full"]
        argv += ["-3", "-"] if nsec3 else []
        argv += ["-o", origin, "-f", made, zone]
        super().__init__(f"dnssec-signzone -P -n {threads}", argv, made, folder / "log")


class LdnsSignzone(Program):
    def __init__(self, folder, zone, origin, _threads, algorithm="ecdsap256sha256", nsec3=False):
        made = folder / "signed.zone"
        keys = make_bind_keys(folder, origin, algorithm)
        argv = ["ldns-signzone", "-o", origin, "-f", made, *(["-n"] if nsec3 else []), zone, *keys]
        super().__init__("ldns-signzone", argv, made, folder / "log")


PEERS = {"kzonesign": Kzonesign, "dnssec-signzone": DnssecSignzone, "ldns-signzone": LdnsSignzone}


def make_bind_keys(folder, origin, algorithm):
    folder.mkdir(parents=True)
    for role in (["-f", "KSK"], []):
        argv = ["dnssec-keygen", "-q", "-K", str(folder), "-a", str(ALGORITHMS[algorithm]), *role, origin]
        measure.run_quietly(argv, folder / "log")
    return sorted(path.with_suffix("") for path in folder.glob("K*.private"))


def first_address(zone):
    """The owner of the first device in a zone file of ours that has an address of its own."""
    with open(zone, encoding="ascii") as lines:
        for line in lines:
            match = re.match(r"(d-[0-9a-f]{12}\.dev)\t\d+\tIN\tA\t", line)
            if match:
                return match.group(1)
    raise BenchError(f"{zone} has no device with an address")


def change_address(source, target, owner, address):
    """Copies a zone file with one record a line; OWNER's IPv4 address becomes ADDRESS."""
    record = re.compile(rf"^({re.escape(owner)}\b\S*\s+\d+\s+(?:IN\s+)?A\s+)[0-9.]+")
    changes = 0
    with open(source, encoding="ascii") as old, open(target, "w", encoding="ascii") as new:
        for line in old:
            if line.startswith(owner):
                line, changed = record.subn(rf"\g<1>{address}", line)
                changes += changed
            new.write(line)
    if changes != 1:
        raise BenchError(f"{source}: {changes} addresses of {owner} instead of one")


class Loop(Program):
    """One of our C programs, which measures by itself what happens inside a process and says so in JSON."""

    def __init__(self, name, argv, log, made=None, same_from=None):
        super().__init__(name, argv, made, log, log.with_suffix(".json"), same_from)
        self.results = []

    def measure(self):
        sample = super().measure()
        self.results.append(json.loads(self.stdout.read_text(encoding="utf-8")))
        return sample

    def median(self, *path):
        """Of the figure at PATH in the results."""

        def figure(result):
            for word in path:
                result = result[word]
            return result

        return statistics.median(figure(result) for result in self.results)


def copy_folder(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def output_of(argv):
    """The first line of what a program says, on either stream: for versions."""
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.stdout.decode("utf-8", "replace").strip().partition("\n")[0]
