"""What is measured. A case runs its contenders in turn, round after round, so that drift of the machine meets all of
them; nothing is discarded, and the median counts. It has its zones judged, and gives the rows of the report.
"""

import shutil
import statistics
import sys
import time
from dataclasses import asdict

import contenders
import judges
import knotd
import zonegen
from measure import BenchError

ORIGIN = "example-vendor.net"
CHANGED_ADDRESS = "203.0.113.77"
FEW_RUNS_FROM = 1_000_000  # names: from here on there are --large-runs rounds
PEERS_JUDGED_UP_TO = 200_000  # names: above, a peer's zone is only held against ours by its number of signatures
KEYS_AND_THEIRS = 12  # signers differ in what they sign at the apex: DNSKEY by one key or two, CDS, CDNSKEY
MANY_NAMES = 50
STATED = {100_000, 1_000_000}  # names: the sizes for which the goals of whole zones are stated


def size_text(names):
    for factor, letter in ((1_000_000, "M"), (1000, "k")):
        if names % factor == 0:
            return f"{names // factor}{letter}"
    return str(names)


def goal_at(names, sizes, **limit):
    """A goal holds for the sizes for which it was stated."""
    return limit if names in sizes else None


def summary(contender):
    """The medians of a contender's runs, and the runs."""
    samples = contender.samples

    def median(field):
        values = [getattr(sample, field) for sample in samples]
        return None if None in values else round(statistics.median(values), 4)

    fields = ("wall_s", "cpu_s", "user_s", "sys_s", "peak_rss_kib", "peak_anon_kib", "foreign_cores")
    runs = [{name: value for name, value in asdict(sample).items() if value is not None} for sample in samples]
    return {"what": contender.name} | {field: median(field) for field in fields} | {"runs": runs}


class Case:
    """What all cases share: a scratch folder, the rounds, the judges and the rows."""

    def __init__(self, bench, name, names):
        self.bench, self.names = bench, names
        self.name = f"{name}-{size_text(names)}"
        self.folder = bench.work / self.name
        self.runs = bench.options.large_runs if names >= FEW_RUNS_FROM else bench.options.runs
        self.rows = []
        self.threads = bench.options.threads

    def execute(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.measure()
        if not self.bench.options.keep:
            shutil.rmtree(self.folder)
        return self.rows

    def measure(self):
        raise NotImplementedError

    def say(self, text):
        print(f"[{time.strftime('%H:%M:%S')}] {self.name}: {text}", file=sys.stderr, flush=True)

    # ------------------------------------------------------------------ what runs

    def zone(self, names=None, **options):
        path = self.folder / ("changed.zone" if options else f"{names or self.names}.zone")
        zonegen.write_zone(path, ORIGIN, names or self.names, **options)
        return path

    def mudzone(self, **options):
        """Ours, its keys made beforehand as the peers' are."""
        ours = contenders.Mudzone(self.bench.binary, self.folder / "mudzone", self.bench.now, self.threads)
        ours.make_keys(self.zone(zonegen.SMALL), **options)
        return ours

    def bare_loop(self, threads):
        """Nothing but signing, by the project's fastest way: what a signer could reach at best."""
        argv = [self.bench.tool("bench_crypto"), "ecdsap256sha256", threads, self.bench.options.loop_seconds]
        return contenders.Loop(f"bare signing loop, threads: {threads}", argv, self.folder / f"loop{threads}.log")

    def rounds(self, *all_contenders):
        digests = {}
        for number in range(1, self.runs + 1):
            for contender in all_contenders:
                sample = contender.run()
                took = f"{sample.wall_s:7.2f} s, {sample.cpu_s:7.2f} s CPU"
                self.say(f"round {number}/{self.runs}: {took}: {contender.name}")
                if contender.same_from is not None:
                    digests.setdefault(contender.same_from, set()).add(judges.digest(contender.made))
        for source, seen in digests.items():
            if len(seen) != 1:
                raise BenchError(f"our runs gave {len(seen)} different zones from {source}")

    # ------------------------------------------------------------------ what comes of it

    def judge(self, ours, *peers):
        """OURS are judged whole; so are peers, or very large ones by their number of signatures."""
        judged = []
        for contender in ours:
            self.say(f"judging {contender.name}")
            judged = self.bench.judges.judge(contender.made, ORIGIN, self.names)
        for peer in peers:
            self.say(f"judging {peer.name}")
            if self.names <= PEERS_JUDGED_UP_TO:
                self.bench.judges.judge(peer.made, ORIGIN, self.names)
                continue
            made, theirs = judges.count_signatures(ours[0].made), judges.count_signatures(peer.made)
            if abs(made - theirs) > KEYS_AND_THEIRS:
                raise BenchError(f"{peer.name} made {theirs} signatures, we {made}: not the same work")
        return judged

    def row(self, name, measures, goal, judged, ours, peer=None, **figures):
        """FIGURES: ratio=, or value= and unit=."""
        figure = figures.get("ratio", figures.get("value"))
        met = None
        if goal is not None:
            met = figure <= goal["at_most"] if "at_most" in goal else figure >= goal["at_least"]
        row = {"name": name, "measures": measures, "names": self.names, "threads": self.threads}
        row |= figures | {"goal": goal, "met": met, "judged": judged, "ours": ours, "peer": peer}
        self.rows.append(row)

    def compare(self, name, field, goal, judged, ours, peer):
        ours, peer = summary(ours), summary(peer)
        self.row(name, field, goal, judged, ours, peer, ratio=round(ours[field] / peer[field], 4))


# ---------------------------------------------------------------------- whole zones


class Full(Case):
    """Signing a whole zone, against kzonesign and whichever other peers were asked for."""

    def __init__(self, bench, name, names, goals, nsec3=False, algorithm="ecdsap256sha256"):
        super().__init__(bench, name, names)
        self.signing = {"algorithm": algorithm, "nsec3": nsec3}
        self.goals = dict(zip(("off", "new"), goals))

    def measure(self):
        zone, mudzone = self.zone(), self.mudzone(**self.signing)
        ours = {check: mudzone.contender(zone, check, check, **self.signing) for check in self.goals}
        peers = [
            contenders.PEERS[peer](self.folder / peer, zone, ORIGIN, self.threads, **self.signing)
            for peer in self.bench.options.peers
        ]
        self.rounds(*peers, *ours.values())
        judged = self.judge(ours.values(), *peers)
        for peer in peers:
            self.add_rows(peer, ours, judged)
        self.add_memory_row(ours["new"], judged)

    def add_rows(self, peer, ours, judged):
        for check, contender in ours.items():
            # The goals are stated against kzonesign; whoever else runs is there to be seen.
            limit = goal_at(self.names, STATED, at_most=self.goals[check])
            goal = limit if peer.program == "kzonesign" else None
            self.compare(f"{self.name}-check-{check}-vs-{peer.program}", "wall_s", goal, judged, contender, peer)

    def add_memory_row(self, contender, judged):
        ours = summary(contender)
        if ours["peak_anon_kib"] is None:
            return  # over before the first look
        value = round(ours["peak_anon_kib"] * 1024 / self.names, 1)
        goal = goal_at(self.names, {1_000_000}, at_most=450)
        self.row(f"{self.name}-memory", "peak_anon_kib", goal, judged, ours, value=value, unit="bytes per name")


class Cores(Case):
    """How much of our CPU time is signing, and what the second core brings."""

    def measure(self):
        zone, mudzone = self.zone(), self.mudzone()
        counts = sorted({1, self.threads})
        ours = {n: mudzone.contender(zone, f"threads{n}", "off", threads=n) for n in counts}
        loops = {n: self.bare_loop(n) for n in counts}
        self.rounds(*loops.values(), *ours.values())
        judged = self.judge(ours.values())
        signatures = mudzone.signatures_made(ours[self.threads])
        self.add_efficiency(ours, loops, signatures, judged)
        if self.threads > 1:
            self.add_speed_up(ours, loops, judged)

    def add_efficiency(self, ours, loops, signatures, judged):
        """The loop and the signer have the same number of threads: cores that share parts slow both down."""
        per_threads = {
            n: signatures * loops[n].median("cpu_s_per_signature") / summary(ours[n])["cpu_s"] for n in ours
        }
        loop = {"what": loops[self.threads].name, "results": loops[self.threads].results}
        figures = summary(ours[self.threads])
        figures |= {"signatures": signatures, "by_threads": {str(n): round(e, 4) for n, e in per_threads.items()}}
        goal = goal_at(self.names, {1_000_000}, at_least=0.85)
        ratio = round(per_threads[self.threads], 4)
        self.row(f"{self.name}-crypto-efficiency", "cpu_s", goal, judged, figures, loop, ratio=ratio)

    def add_speed_up(self, ours, loops, judged):
        gain = summary(ours[1])["wall_s"] / summary(ours[self.threads])["wall_s"]
        loop_gain = loops[self.threads].median("signatures_per_s") / loops[1].median("signatures_per_s")
        goal = goal_at(self.names, STATED, at_least=0.95)
        self.row(
            f"{self.name}-speed-up",
            "wall_s",
            goal,
            judged,
            summary(ours[self.threads]) | {"gain": round(gain, 4), "one_thread": summary(ours[1])},
            {"what": "bare signing loop", "gain": round(loop_gain, 4)},
            ratio=round(gain / loop_gain, 4),
        )


class Huge(Case):
    """Ten times the largest usual size: does it complete, in how much memory, and in linear time?"""

    def __init__(self, bench, names):
        super().__init__(bench, "huge", names)
        self.runs = 1
        self.smaller = max(zonegen.SMALL, names // 10)

    def measure(self):
        mudzone = self.mudzone()
        small = mudzone.contender(self.zone(self.smaller), "small", "new")
        large = mudzone.contender(self.zone(), "large", "new")
        self.rounds(small, large)
        self.judge([small])
        judged = self.judge([large])
        ours, base = summary(large), summary(small)
        goal = goal_at(self.names, {10_000_000}, at_most=6.0)
        if ours["peak_anon_kib"] is not None:
            gib = round(ours["peak_anon_kib"] / (1 << 20), 3)
            self.row(f"{self.name}-memory", "peak_anon_kib", goal, judged, ours, value=gib, unit="GiB")
        per_name = (ours["wall_s"] / self.names) / (base["wall_s"] / self.smaller)
        # "Linear" with room for what a bigger heap costs in cache misses and page faults.
        goal = goal_at(self.names, {10_000_000}, at_most=1.15)
        self.row(f"{self.name}-linear", "wall_s", goal, judged, ours, base, ratio=round(per_name, 4))


# ---------------------------------------------------------------------- small changes


class Change(Case):
    """One address changed since the last time. kzonesign is given its own output with that change, since it takes
    the signatures that it reuses from its input; knotd runs and is told to read its zone file again."""

    def measure(self):
        zone, changed = self.zone(), self.zone(changed_address=CHANGED_ADDRESS)
        owner = contenders.first_address(zone)
        mudzone = self.mudzone()
        before = mudzone.contender(zone, "before", "new")
        before.run()
        ours = mudzone.contender(changed, "after", "new", previous=before.made)
        kzonesign = contenders.Kzonesign(self.folder / "kzonesign", zone, ORIGIN, self.threads)
        kzonesign.read_own_with_change(owner, CHANGED_ADDRESS)
        server = knotd.Reload(self.folder / "knotd", zone, ORIGIN, owner, self.threads)
        with server.running():
            self.rounds(kzonesign, server, ours)
        judged = self.judge([ours], kzonesign, server)
        for peer, limit in ((kzonesign, 0.03), (server, 0.6)):
            goal = goal_at(self.names, {100_000}, at_most=limit)
            self.compare(f"{self.name}-vs-{peer.program}", "cpu_s", goal, judged, ours, peer)


class Update(Case):
    """One change to a signed zone that a program holds in memory, in a large zone and in a small one."""

    CHANGES = 200

    def __init__(self, bench, names, smaller):
        super().__init__(bench, "update", names)
        self.smaller = smaller

    def loop(self, names):
        made = self.folder / f"changed-{names}.zone"
        argv = [self.bench.tool("bench_update"), self.zone(names), self.folder / "keys", self.bench.now]
        argv += [self.CHANGES, self.threads, made]
        name, log = f"one change to {names} names", self.folder / f"update-{names}.log"
        return contenders.Loop(name, argv, log, made, argv[1])

    def measure(self):
        small, large = self.loop(self.smaller), self.loop(self.names)
        self.rounds(small, large)
        judged = self.judge([small, large])
        ours, base = ({"what": loop.name, "results": loop.results} for loop in (large, small))
        # What is stated as a goal is one record changed; a name more changes the chain, too.
        for kind, stated in (("address", {1_000_000}), ("name", set())):
            name, took = f"{self.name}-{kind}", large.median(kind, "median_ms")
            goal = goal_at(self.names, stated, at_most=1.0)
            self.row(name, "median_ms", goal, judged, ours, value=round(took, 4), unit="ms")
            goal = goal_at(self.names, stated, at_most=1.5)
            growth = round(took / small.median(kind, "median_ms"), 4)
            self.row(f"{name}-vs-{size_text(self.smaller)}", "median_ms", goal, judged, ours, base, ratio=growth)


# ---------------------------------------------------------------------- many zones


class ManyOurs(contenders.Program):
    """All zones in one process."""

    def __init__(self, mudzone, folder, zones, origins, check):
        self.made = folder / "signed"
        files = [zones / f"{origin}.zone" for origin in origins]
        name = f"mudzone sign --self-check={check} --threads {mudzone.threads}, all zones in one process"
        argv = [*mudzone.command(check), "-o", self.made, *files]
        super().__init__(name, argv, self.made, folder / "log", folder / "report.json", zones)

    def prepare(self):
        shutil.rmtree(self.made, ignore_errors=True)
        self.made.mkdir()


class Many(Case):
    """Many small zones whose keys are there: one process of ours against a starting server."""

    def __init__(self, bench, zones):
        super().__init__(bench, "many", MANY_NAMES)
        self.name = f"many-{zones}x{MANY_NAMES}"
        self.folder = bench.work / self.name
        self.zones = zones

    def measure(self):
        folder = self.folder / "zones"
        origins = zonegen.write_many(folder, self.zones, MANY_NAMES)
        mudzone = contenders.Mudzone(self.bench.binary, self.folder / "mudzone", self.bench.now, self.threads)
        ours = ManyOurs(mudzone, self.folder / "mudzone", folder, origins, "new")
        ours.run()  # makes the keys
        ours.samples.clear()
        server = knotd.ManyZones(self.folder / "knotd", folder, origins, self.threads)
        forgetful = knotd.ManyZones(self.folder / "knotd-no-journal", folder, origins, self.threads, journal=False)
        self.rounds(server, forgetful, ours)
        self.say("judging all zones of all")
        judged = self.bench.judges.judge_many(ours.made, origins)
        self.bench.judges.judge_many(server.made, origins)
        self.bench.judges.judge_many(forgetful.made, origins)
        goal = goal_at(self.zones, {1000}, at_most=0.35)
        self.compare(f"{self.name}-vs-knotd", "wall_s", goal, judged, ours, server)
        # Not what its manual advises and no goal of ours, but as little work as it can be given.
        self.compare(f"{self.name}-vs-knotd-no-journal", "wall_s", None, judged, ours, forgetful)
