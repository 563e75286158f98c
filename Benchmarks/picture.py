"""Draws the speed table as an SVG that reads on light and dark pages: python3 picture.py RESULTS.json OUT.svg

Each bar is the ratio as a share of its goal; the line is the goal. Ratio and goal are written beside it.
"""
import json
import sys
from html import escape

ROW, TOP, LEFT, GOAL_AT, END, WIDTH = 26, 44, 390, 250, 380, 940
# Colours with enough contrast on white and on black.
TEXT, FAINT, MET, MISSED = "#7d8590", "#7d859055", "#2f9e6b", "#d9822b"


def text(x, y, content, anchor="start", size=12):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{TEXT}">{escape(content)}</text>'


def bar(index, row):
    middle = TOP + index * ROW + ROW / 2
    parts = [text(LEFT - 10, middle + 4, f"{row['title']} / {row['peer']}", "end")]
    share = row["ratio"] / row["goal"]
    length = min(share * GOAL_AT, END)
    colour = MET if row["met"] else MISSED
    parts.append(
        f'<rect x="{LEFT}" y="{middle - 7}" width="{length:.1f}" height="14" rx="2" fill="{colour}">'
        f"<title>{escape(row['title'])}: {row['ratio']:.3f}, goal {row['goal']}</title></rect>")
    parts.append(text(LEFT + END + 10, middle + 4, f"{row['ratio']:.2f} of {row['goal']} {'met' if row['met'] else 'not met'}"))
    return "".join(parts)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        found = json.load(file)
    measured = [row for row in found["rows"] if row["met"] is not None]
    height = TOP + len(measured) * ROW + 40
    machine = found["machine"]
    goal = LEFT + GOAL_AT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="How cb compares with its peers" font-family="system-ui, sans-serif">',
        text(LEFT, 18, "how many times the peer's figure, as a share of the goal", size=11),
        text(goal, 36, "goal", "middle", 11),
        f'<line x1="{LEFT}" y1="{TOP}" x2="{LEFT}" y2="{height - 36}" stroke="{FAINT}"/>',
    ]
    parts += [bar(index, row) for index, row in enumerate(measured)]
    parts.append(
        f'<line x1="{goal}" y1="{TOP - 4}" x2="{goal}" y2="{height - 36}" stroke="{TEXT}" stroke-dasharray="3 3"/>')
    load = "" if machine["load_before"] <= 0.5 else f"; not a quiet machine (load {machine['load_before']})"
    parts.append(text(
        10, height - 12,
        f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, {machine['system']}{load}; "
        f"{found['date'][:10]}, medians of {found['runs']} runs", size=10))
    parts.append("</svg>\n")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(parts))


main()
