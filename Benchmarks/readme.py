"""Writes the tables of results.json: python3 readme.py [--check]

Three lines go into the README, all of it into SPEED.md. With --check nothing is written, and it fails where one of them says
something else.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "..", "README.md")
SPEED = os.path.join(HERE, "SPEED.md")
BEGIN, END = "<!-- benchmark:begin (written by make bench) -->", "<!-- benchmark:end -->"
# The rows that the README has, by title and peer, with what it calls the two.
SHORT = {
    ("run, closed, file store", "timeout 5 true"): ("a run, file store", "`timeout 5 true`"),
    ("run, rejected, file store", "flock -n F true on a held lock"): ("a rejected run, counted", "`flock -n` on a held lock"),
    ("run, closed, Redis on a unix socket", "the same, file store"): ("a run, Redis on this host", "the same, file store"),
}
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


def short(found):
    yield "| median with `true` as CMD | cb | beside it |"
    yield "|---|---|---|"
    for row in found["rows"]:
        names = SHORT.get((row["title"], row["peer"]))
        if names:
            ours, theirs = shown(row["ours"], row["unit"]), shown(row["theirs"], row["unit"])
            yield f"| {names[0]} | {ours} | {theirs}: {names[1]} |"


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


def replaced(file, lines):
    """The text of a file as it is, and with the lines between the marks."""
    with open(file, encoding="utf-8") as opened:
        text = opened.read()
    before, rest = text.split(BEGIN, 1)
    return text, before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.split(END, 1)[1]


def main():
    with open(os.path.join(HERE, "results.json"), encoding="utf-8") as file:
        found = json.load(file)
    for file, lines in ((README, short(found)), (SPEED, table(found))):
        text, new = replaced(file, lines)
        if "--check" in sys.argv[1:]:
            if new != text:
                sys.exit(f"readme.py: the table in {os.path.relpath(file)} is not that of results.json; "
                         "run python3 Benchmarks/readme.py")
        else:
            with open(file, "w", encoding="utf-8") as opened:
                opened.write(new)


main()
