"""Writes the table of results.json into the README: python3 readme.py [--check]

With --check nothing is written, and it fails where the README says something else.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "..", "README.md")
BEGIN, END = "<!-- benchmark:begin (written by make bench) -->", "<!-- benchmark:end -->"
# What is said of a row that does not meet its goal.
REASONS = {
    ("run, closed, file store", "Python with pybreaker"): "`timeout 5 true` alone does not reach it",
    ("run, rejected, file store", "flock -n F true on a held lock"):
        "it counts the rejection: a document is replaced under the lock",
    ("run, closed, Redis on a unix socket", "the same, file store"): "a connection and two round trips",
    ("run in a store of 10,000", "in a store of 1"): "the machine's drift; no directory is read",
    ("run with a full history", "with none"): "the machine's drift; the history is not read",
}


def shown(value, unit):
    if unit == "s":
        return f"{value * 1000:.2f} ms" if value < 0.1 else f"{value * 1000:.0f} ms"
    return f"{value / 1000:.1f} MB" if unit == "kB" else f"{value:,.0f} /s"


def table(found):
    machine = found["machine"]
    yield (f"Medians of {found['runs']} runs with `true` as CMD, on {machine['cores']} cores of an {machine['cpu']}, "
           f"{machine['system']}, {machine['kernel']},")
    yield f"{machine['file_system']}, load {machine['load_before']} before; `make bench` measures them anew beside the peers."
    yield ""
    yield "| figure | peer in the same run | cb | peer | ratio | goal | met |"
    yield "|---|---|---|---|---|---|---|"
    for row in found["rows"]:
        if row["met"] is None:
            yield f"| {row['title']} | | | | | | {row['note']} |"
            continue
        reason = REASONS.get((row["title"], row["peer"]))
        met = "yes" if row["met"] else "no" + (f": {reason}" if reason else "")
        yield (f"| {row['title']} | {row['peer']} | {shown(row['ours'], row['unit'])} | {shown(row['theirs'], row['unit'])} | "
               f"{row['ratio']:.2f} | {row['goal']} | {met} |")


def main():
    with open(os.path.join(HERE, "results.json"), encoding="utf-8") as file:
        found = json.load(file)
    with open(README, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    new = before + BEGIN + "\n" + "\n".join(table(found)) + "\n" + END + after
    if "--check" in sys.argv[1:]:
        if new != text:
            sys.exit("readme.py: the table in README.md is not that of results.json; run python3 Benchmarks/readme.py")
    else:
        with open(README, "w", encoding="utf-8") as file:
            file.write(new)


main()
