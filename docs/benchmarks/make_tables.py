#!/usr/bin/env python3
"""Writes the tables of README.md and docs/*.md from docs/benchmarks/*.json, one file a benchmark.

usage: make_tables.py [--check]     --check writes nothing, and fails where a page is not what it would write

A page has a place for a table:

    <!-- benchmark NAME -->             what NAME.json says; everything up to the end is replaced
    <!-- end -->

`<!-- headlines -->` is the place for the README's table, made of the members "headline" of all files.

NAME.json: title; machine (cpu, cores, instruction_sets, and gpu where one was used; null or "not recorded" where that
is so); date (YYYY-MM-DD); version (of the program, and the revision that recorded the figures); command; columns;
rows, of texts and numbers; optional: notes (sentences), headline (place, figure, machine, command).
"""
import datetime
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MEMBERS = {"title", "machine", "date", "version", "command", "columns", "rows"}
OPTIONAL = {"notes", "headline"}
MACHINE = {"cpu", "cores", "instruction_sets"}
PLACE = re.compile(r"(<!-- (?:benchmark ([\w-]+)|headlines) -->\n).*?(<!-- end -->)", re.DOTALL)


def fail(message):
    sys.exit(f"make_tables.py: {message}")


def read_benchmark(path):
    """The file, if it says all that a figure needs."""
    benchmark = json.loads(path.read_text(encoding="utf-8"))
    missing = MEMBERS - benchmark.keys()
    unknown = benchmark.keys() - MEMBERS - OPTIONAL
    if missing or unknown:
        fail(f"{path.name} lacks {sorted(missing)} or has unknown members {sorted(unknown)}")
    if not MACHINE <= benchmark["machine"].keys() <= MACHINE | {"gpu"}:
        fail(f"{path.name}: machine has other members than {sorted(MACHINE)} and gpu")
    for member in ("title", "version", "command"):
        if not benchmark[member].strip():
            fail(f"{path.name}: {member} is empty. Where it is not known, say 'not recorded'")
    for row in benchmark["rows"]:
        if len(row) != len(benchmark["columns"]):
            fail(f"{path.name}: a row has {len(row)} cells for {len(benchmark['columns'])} columns: {row}")
    return benchmark


def format_date(text):
    date = datetime.date.fromisoformat(text)
    return f"{date.day} {date:%B %Y}"


def format_cell(value):
    """Numbers as people write them: 1,057.8 and 1.3e-6."""
    if isinstance(value, str):
        return value
    if value != 0 and abs(value) < 0.1:
        mantissa, exponent = f"{value:e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:,}"


def format_machine(machine):
    parts = [machine["gpu"]] if "gpu" in machine else []
    if machine["cpu"] != "not recorded":
        cores = machine["cores"]
        parts.append(machine["cpu"] if cores is None else f"{cores} cores of an {machine['cpu']}")
    elif parts:
        parts.append("CPU not recorded")
    if machine["instruction_sets"] != "not recorded":
        parts.append(machine["instruction_sets"])
    return ", ".join(parts)


def line_of(cells):
    return "| " + " | ".join(cells) + " |"


def table_of(columns, rows):
    return "\n".join([line_of(columns), "|" + "---|" * len(columns), *(line_of(row) for row in rows)])


def text_of(benchmark):
    parts = [f"**{benchmark['title']}**",
             table_of(benchmark["columns"], [[format_cell(cell) for cell in row] for row in benchmark["rows"]]),
             f"{format_machine(benchmark['machine'])}; {format_date(benchmark['date'])}; version {benchmark['version']}:",
             f"    {benchmark['command']}"]
    return "\n\n".join(parts + benchmark.get("notes", []))


def headlines_of(benchmarks):
    chosen = sorted((each for each in benchmarks.values() if "headline" in each),
                    key=lambda each: each["headline"]["place"])
    rows = [[each["headline"]["figure"], each["headline"]["machine"], each["date"], each["headline"]["command"]]
            for each in chosen]
    return table_of(["figure", "machine", "date", "command"], rows)


def fill(page, benchmarks, used):
    def replacement(match):
        name = match.group(2)
        if name is None:
            text = headlines_of(benchmarks)
        elif name in benchmarks:
            used.add(name)
            text = text_of(benchmarks[name])
        else:
            fail(f"{page.name} wants the table {name}, but there is no docs/benchmarks/{name}.json")
        return f"{match.group(1)}\n{text}\n\n{match.group(3)}"

    return PLACE.sub(replacement, page.read_text(encoding="utf-8"))


def main():
    benchmarks = {path.stem: read_benchmark(path) for path in sorted(HERE.glob("*.json"))}
    used, stale = set(), []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = fill(page, benchmarks, used)
        if text == page.read_text(encoding="utf-8"):
            continue
        stale.append(page.name)
        if "--check" not in sys.argv:
            page.write_text(text, encoding="utf-8")
    if unused := benchmarks.keys() - used:
        fail(f"no page has the tables {sorted(unused)}")
    if stale and "--check" in sys.argv:
        fail(f"{', '.join(stale)}: not what docs/benchmarks/*.json say. Run docs/benchmarks/make_tables.py")
    print(f"{len(benchmarks)} benchmarks; " + (f"written: {', '.join(stale)}" if stale else "all pages are up to date"))


main()
