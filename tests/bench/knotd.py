"""Knot's server as a signer: started on zones whose keys it has, and told that a zone file has changed."""

import contextlib
import os
import socket
import subprocess
import time

import measure
from contenders import Contender, change_address, copy_folder, knot_policy
from measure import BenchError, Sample

SIGNED = b"DNSSEC, next signing at"
PATIENCE_S = 600
JOURNAL = "    journal-content: all\n    journal-max-usage: 1G\n    zonefile-load: difference-no-serial\n"
NO_JOURNAL = "    journal-content: none\n    zonefile-load: whole\n"


class Server:
    """knotd on a port of its own, as its manual advises for signing zone files: the journal holds the signed zone, the
    zone file stays as the operator writes it. Without JOURNAL it forgets its work when it ends."""

    def __init__(self, folder, origins, threads, threads_per_zone, journal=True):
        self.folder, self.origins = folder, origins
        self.port = free_port()
        self.process = None
        for name in ("zones", "db"):
            (folder / name).mkdir(parents=True)
        self.conf = folder / "knot.conf"
        self.conf.write_text(
            f'server:\n  rundir: "{folder}"\n  listen: 127.0.0.1@{self.port}\n  background-workers: {threads}\n'
            "  udp-workers: 1\n  tcp-workers: 1\n"
            f'log:\n  - target: "{folder}/log"\n    any: info\ndatabase:\n  storage: "{folder}/db"\n'
            + knot_policy("ecdsap256sha256", False, threads_per_zone)
            + f'template:\n  - id: default\n    storage: "{folder}/zones"\n    file: "%s.zone"\n'
            + (JOURNAL if journal else NO_JOURNAL)
            + "    zonefile-sync: -1\n    dnssec-signing: on\n    dnssec-policy: bench\nzone:\n"
            + "".join(f"  - domain: {origin}\n" for origin in origins),
            encoding="utf-8",
        )

    def zone_file(self, origin):
        return self.folder / "zones" / f"{origin}.zone"

    @contextlib.contextmanager
    def running(self):
        """Until all zones are signed; stopped at the end. Gives what that took."""
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        os.sync()  # as before each run of the others
        start = time.monotonic()
        with open(self.folder / "knotd.out", "ab") as out:
            self.process = subprocess.Popen(
                ["knotd", "-c", str(self.conf)], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self.ended = measure.Ended(self.process.pid)
        try:
            memory = measure.Memory(self.process.pid)
            self.wait_for(lambda: count_in(log, SIGNED) >= len(self.origins), memory.look)
            wall_s = time.monotonic() - start
            cpu_s = measure.process_cpu_s(self.process.pid)
            yield Sample(wall_s, cpu_s, peak_rss_kib=memory.rss_kib, peak_anon_kib=memory.anon_kib)
        finally:
            self.stop()

    def wait_for(self, condition, meanwhile=lambda: None):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            meanwhile()
            if self.ended.within(measure.SAMPLE_MS):
                raise BenchError(f"knotd ended by itself; see {self.folder}/knotd.out and {self.folder}/log")
            if time.monotonic() > end:
                raise BenchError(f"knotd did not do in {PATIENCE_S} s what was asked; see {self.folder}/log")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.ended.close()

    def control(self, *words):
        measure.run_quietly(["knotc", "-c", str(self.conf), "-b", *map(str, words)], self.folder / "knotc.log")

    def flush(self, folder):
        """Writes the signed zones into FOLDER, for the judges."""
        folder.mkdir(parents=True, exist_ok=True)
        self.control("zone-flush", "+outdir", folder)

    def answers(self, name, address):
        return ask_address(self.port, name).endswith(socket.inet_aton(address))


class ManyZones(Contender):
    """From the start of the server until all zones are signed. Keys are there; nothing else is."""

    program = "knotd"

    def __init__(self, folder, zones, origins, threads, journal=True):
        super().__init__()
        self.name = "knotd, from its start until the last zone is signed" + ("" if journal else ", without journal")
        self.server = Server(folder, origins, threads, 1, journal)
        self.zones = zones
        self.made = folder / "made"
        self.keys = folder / "keys-only"
        copy_folder(zones, folder / "zones")
        with self.server.running():
            pass
        self.keys.mkdir()
        copy_folder(folder / "db" / "keys", self.keys / "keys")

    def measure(self):
        copy_folder(self.keys, self.server.folder / "db")
        copy_folder(self.zones, self.server.folder / "zones")
        with self.server.running() as sample:
            if not self.made.is_dir():
                self.server.flush(self.made)
            return sample


class Reload(Contender):
    """A running server is told that one address in its zone file has changed."""

    program = "knotd"

    def __init__(self, folder, zone, origin, owner, threads):
        super().__init__()
        self.name = "knotd, zone file changed and reloaded"
        self.server = Server(folder, [origin], threads, threads)
        self.zone, self.origin, self.owner = zone, origin, owner
        self.made = folder / "made" / f"{origin}.zone"
        self.host_number = 0

    @contextlib.contextmanager
    def running(self):
        change_address(self.zone, self.server.zone_file(self.origin), self.owner, "203.0.113.250")
        with self.server.running():
            yield
            self.server.flush(self.made.parent)

    def measure(self):
        self.host_number += 1
        address = f"203.0.113.{self.host_number}"
        name = f"{self.owner}.{self.origin}"
        pid = self.server.process.pid
        change_address(self.zone, self.server.zone_file(self.origin), self.owner, address)
        os.sync()
        cpu_before_s = measure.process_cpu_s(pid)
        start = time.monotonic()
        self.server.control("zone-reload", self.origin)
        self.server.wait_for(lambda: self.server.answers(name, address))
        wall_s = time.monotonic() - start
        return Sample(wall_s, measure.process_cpu_s(pid) - cpu_before_s)


def count_in(path, words):
    try:
        with open(path, "rb") as log:
            return log.read().count(words)
    except FileNotFoundError:
        return 0


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask_address(port, name):
    """The bytes of the answer to a question for NAME's IPv4 address (RFC 1035 s4.1); empty when none comes."""
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    question = b"\x2a\x2a\x00\x00" + b"\x00\x01" + bytes(6) + labels + b"\x00" + b"\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(1)
        asker.connect(("127.0.0.1", port))
        try:
            asker.send(question)
            return asker.recv(4096)
        except OSError:
            return b""
