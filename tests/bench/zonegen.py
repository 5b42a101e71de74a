"""The zones that are measured: what a manufacturer of connected devices would have in DNS.

A zone has an apex with mail and policy records, some twenty services (a few of them aliases into a content network,
some with HTTPS and CAA records), service records, regional end points, two wildcards, a delegation to a partner for
every thousand names (half of them secure, a third with glue) and, by far the most of it, devices: 30 % aliases of
their region's gateway, 70 % with an IPv4 and an IPv6 address. This is the mix for which the goals are stated.

A name is counted when it owns records. The same arguments give the same bytes.
"""

import random

SERVICES = (
    "fw ota api mqtt ntp telemetry auth coap config crl ocsp logs metrics provision registry time update www "
    "support status"
).split()
ALIASED = {"fw", "update", "www"}  # served by a content network
WEB = {"api", "ota", "config"}
MANIFEST = {"ota", "provision"}
REGIONS = "eu-west-1 eu-central-1 us-east-1 us-west-2 ap-south-1 ap-northeast-1 sa-east-1 me-central-1".split()
REGIONAL = "fw ota api mqtt ntp telemetry gw coap".split()
SMALL = 200  # below this many names a zone has fewer services and regions
DEVICE_ALIAS_SHARE = 307 / 1024
FIRST_SERIAL = 2026010101


class Zone:
    """The records of one zone, in the order in which an operator would write them."""

    def __init__(self, origin, names, seed=1):
        self.origin = origin
        self.total = names
        self.random = random.Random(f"{origin} {seed}")
        self.owners = 0
        self.small = names < SMALL
        self.regions = REGIONS[:2] if self.small else REGIONS

    def number(self, bits):
        return self.random.getrandbits(bits)

    def ipv4(self):  # RFC 2544: 198.18.0.0/15
        number = self.number(17)
        return f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"

    def ipv6(self):
        return f"2001:db8:{self.number(16):x}:{self.number(16):x}::{self.number(16):x}"

    def owner(self, name, *records):
        """One owner name with its records, each (TTL, type, rdata)."""
        self.owners += 1
        for ttl, rtype, rdata in records:
            yield f"{name}\t{ttl}\tIN\t{rtype}\t{rdata}\n"

    def host(self, name, ttl=300, addresses=1):
        records = [(ttl, "A", self.ipv4()) for _ in range(addresses)]
        records += [(ttl, "AAAA", self.ipv6()) for _ in range(addresses)]
        return self.owner(name, *records)

    def apex(self, serial):
        yield f"$ORIGIN {self.origin}.\n$TTL 3600\n"
        yield from self.owner(
            "@",
            (3600, "SOA", f"ns1 hostmaster {serial} 7200 1800 1209600 900"),
            *((86400, "NS", server) for server in ("ns1", "ns2", "ns3.dns-backup.example.")),
            (3600, "MX", "10 mx.mail.example."),
            (3600, "TXT", '"v=spf1 include:_spf.mail.example -all"'),
            (3600, "TXT", f'"vendor-mgmt={self.number(64):016x}"'),
            (3600, "CAA", '0 issue "ca.example"'),
            (3600, "CAA", f'0 iodef "mailto:security@{self.origin}"'),
            (300, "A", self.ipv4()),
            (300, "AAAA", self.ipv6()),
        )
        yield from self.host("ns1", 86400)
        yield from self.host("ns2", 86400)

    def service(self, name):
        if name in ALIASED:
            yield from self.owner(name, (300, "CNAME", f"{name}.cdn.example."))
            return
        records = [(300, "A", self.ipv4()), (300, "A", self.ipv4())]
        records += [(300, "AAAA", self.ipv6()), (300, "AAAA", self.ipv6())]
        if name in WEB:
            records.append((300, "HTTPS", f"1 . alpn=h2,h3 ipv4hint={self.ipv4()}"))
            records.append((3600, "CAA", '0 issue "ca.example"'))
        if name in MANIFEST:
            records.append((3600, "TXT", f'"manifest=sha256:{self.number(256):064x}"'))
        yield from self.owner(name, *records)

    def services(self):
        for name in SERVICES[:8] if self.small else SERVICES:
            yield from self.service(name)
        brokers = [(300, "SRV", "10 50 8883 mqtt"), (300, "SRV", "20 50 8883 telemetry")]
        yield from self.owner("_mqtts._tcp", *brokers)
        yield from self.owner("_coaps._udp", (300, "SRV", "10 100 5684 coap"))
        yield from self.owner("_dmarc", (3600, "TXT", '"v=DMARC1; p=reject"'))
        for region in self.regions:
            for name in REGIONAL[-2:] if self.small else REGIONAL:
                yield from self.host(f"{name}.{region}", addresses=1 if name == "gw" else 2)
            yield from self.owner(f"_mqtts._tcp.{region}", (300, "SRV", f"10 50 8883 gw.{region}"))

    def wildcards(self):
        yield from self.owner("*.prov", (60, "A", self.ipv4()), (60, "TXT", '"unprovisioned"'))
        if not self.small:
            yield from self.owner("*.tenants", (300, "CNAME", "api"))

    def partner(self, index):
        name = f"partner-{index:04d}"
        glued = index % 3 == 0
        servers = (f"ns1.{name}", "ns1.dns.example.") if glued else ("ns1.dns.example.", "ns2.dns.example.")
        records = [(86400, "NS", server) for server in servers]
        if index % 2 == 0:
            records.append((3600, "DS", f"{self.number(16)} 13 2 {self.number(256):064X}"))
        yield from self.owner(name, *records)
        if glued:
            yield from self.owner(f"ns1.{name}", (86400, "A", self.ipv4()))

    def devices(self, changed_address):
        """The rest of the names. CHANGED_ADDRESS replaces the IPv4 address of the first that has one."""
        seen = set()
        while self.owners < self.total:
            serial_number = self.number(48)
            if serial_number in seen:
                continue
            seen.add(serial_number)
            self.owners += 1
            name = f"d-{serial_number:012x}.dev"
            if self.random.random() < DEVICE_ALIAS_SHARE:
                yield f"{name}\t300\tIN\tCNAME\tgw.{self.regions[serial_number % len(self.regions)]}\n"
                continue
            ipv4, ipv6 = self.ipv4(), self.ipv6()  # drawn in any case: a change leaves the others as they are
            ipv4, changed_address = changed_address or ipv4, None
            yield f"{name}\t300\tIN\tA\t{ipv4}\n{name}\t300\tIN\tAAAA\t{ipv6}\n"

    def lines(self, changed_address=None):
        yield from self.apex(FIRST_SERIAL + (changed_address is not None))
        yield from self.services()
        yield from self.wildcards()
        for index in range(max(2, self.total // 1000)):
            yield from self.partner(index)
        if self.owners > self.total:
            raise ValueError(f"a zone has {self.owners} names before its first device; {self.total} were asked for")
        yield from self.devices(changed_address)


def write_zone(path, origin, names, changed_address=None):
    """Writes the zone. CHANGED_ADDRESS: as it is one small change later: one address and the serial differ."""
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        out.writelines(Zone(origin, names).lines(changed_address))


def write_many(folder, zones, names):
    """ZONES small zones, FOLDER/<origin>.zone. Gives their origins."""
    folder.mkdir(parents=True, exist_ok=True)
    origins = [f"v{index:04d}.vendors.example" for index in range(zones)]
    for origin in origins:
        write_zone(folder / f"{origin}.zone", origin, names)
    return origins
