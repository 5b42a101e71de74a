"""What is printed: JSON for programs, a table for people."""

import os
import platform
import re
import shutil
import sys

from contenders import output_of

SCHEMA = "mudzone-bench-1"
VERSIONS = {
    "kzonesign": ["kzonesign", "-V"],
    "kzonecheck": ["kzonecheck", "-V"],
    "knotd": ["knotd", "-V"],
    "dnssec-signzone": ["dnssec-signzone", "-V"],
    "dnssec-verify": ["dnssec-verify", "-V"],
    "ldns-signzone": ["ldns-signzone", "-v"],
    "openssl": ["openssl", "version"],
    "gnutls": ["dpkg-query", "-W", "-f", "${Version}", "libgnutls30"],
}


def first_match(path, pattern):
    try:
        with open(path, encoding="utf-8") as text:
            match = re.search(pattern, text.read(), re.MULTILINE)
    except OSError:
        return None
    return match.group(1).strip('"') if match else None


def machine():
    return {
        "cpu": first_match("/proc/cpuinfo", r"^model name\s*: (.*)$") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_kib": int(first_match("/proc/meminfo", r"^MemTotal:\s+(\d+)")),
        "kernel": platform.release(),
        "system": first_match("/etc/os-release", r"^PRETTY_NAME=(.*)$"),
    }


def versions(binary):
    found = {"mudzone": output_of([str(binary), "--version"])}
    found |= {name: output_of(argv) for name, argv in VERSIONS.items() if shutil.which(argv[0])}
    return found


def goal_text(row):
    if row["goal"] is None:
        return ""
    (kind, limit), = row["goal"].items()
    return f"{'≤' if kind == 'at_most' else '≥'} {limit:g}"


def figure_text(row):
    return f"{row['ratio']:.3f}" if "ratio" in row else f"{row['value']:g} {row['unit']}"


def cells(row):
    if "error" in row:
        return row["name"], "failed", "", "", "", row["error"].partition("\n")[0]
    ours, peer = row["ours"], row["peer"] or {}
    field = row["measures"]

    def amount(tool):
        return "" if tool.get(field) is None else f"{tool[field]:.2f}" if field.endswith("_s") else f"{tool[field]:g}"

    met = "" if row["met"] is None else "met" if row["met"] else "missed"
    return row["name"], figure_text(row), goal_text(row), met, field, f"{amount(ours)} : {amount(peer)}".rstrip(" :")


def print_table(document):
    """The rows, and how busy others kept the machine: when that is not near 0, only CPU times count."""
    head = ("case", "figure", "goal", "", "of", "ours : peer")
    lines = [head] + [cells(row) for row in document["cases"]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    print(file=sys.stderr)
    for line in lines:
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths))
        print(text.rstrip(), file=sys.stderr)
    foreign = [
        run["foreign_cores"]
        for row in document["cases"]
        for tool in ("ours", "peer")
        for run in (row.get(tool) or {}).get("runs", [])
        if run.get("foreign_cores") is not None
    ]
    if foreign:
        print(f"\nother processes kept at most {max(foreign):.2f} cores busy during a run", file=sys.stderr)
