#!/usr/bin/env python3
"""Draws the pictures of reports/gallery/ from the tables beside them.

    python3 tools/draw_gallery.py

Needs nothing but Python's own library. The same tables give the same bytes: coordinates are rounded to a tenth of a pixel.
"""

import csv
import html
import math
import pathlib

GALLERY = pathlib.Path(__file__).resolve().parent.parent / "reports" / "gallery"
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; }
.small { font-size: 11px; fill: #59636e; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.paper { fill: #ffffff; }
.line { stroke: #59636e; stroke-width: 1; fill: none; }
.inside { fill: #1f2328; font-size: 12px; }
.narrow { fill: #1f2328; font-size: 11px; }
.light { fill: #ffffff; font-size: 12px; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .small { fill: #9198a1; }
  .grid { stroke: #3d444d; }
  .paper { fill: #0d1117; }
  .line { stroke: #9198a1; }
  .inside, .narrow { fill: #1f2328; }
  .light { fill: #ffffff; }
}
"""
# Told apart also by people who see fewer colours (Okabe and Ito).
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#8c959f"


class Picture:
    """An SVG that grows."""

    def __init__(self, width, height, title):
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label="{html.escape(title)}">',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
        ]
        self.text(16, 26, title, "title")

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, words, style="", anchor="start"):
        name = f' class="{style}"' if style else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}>{html.escape(words)}</text>')

    def line(self, x1, y1, x2, y2, style="grid"):
        self.add(f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def stroke(self, x1, y1, x2, y2, colour, width=2):
        self.add(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="{width}" fill="none"/>')

    def dot(self, x, y, colour, radius=5.0, hollow=False):
        fill = "none" if hollow else colour
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}" stroke="{colour}" stroke-width="2"/>')

    def box(self, x, y, width, height, colour):
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>')

    def write(self, name, file):
        (GALLERY / name / file).write_text("\n".join(self.parts + ["</svg>"]) + "\n", encoding="utf-8")


def rows(name, file):
    with open(GALLERY / name / file, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def percent(label):
    return float(label.removesuffix("%").strip())


def unique(values):
    return list(dict.fromkeys(values))


def deterrence_frontier():
    table = rows("deterrence-frontier", "frontier.csv")
    names = unique(row["menu"] for row in table)
    picture = Picture(820, 100 + 24 * len(names), "From which rate of checks on does each way of cheating lose?")
    left, right, top = 230, 700, 72

    def across(rate):
        return left + (right - left) * math.log10(rate) / 2

    bottom = top + 24 * len(names)
    for rate in (1, 2, 5, 10, 20, 50, 100):
        picture.line(across(rate), top - 8, across(rate), bottom - 10)
        picture.text(across(rate), top - 14, f"{rate} %", "small", "middle")
    picture.text(right + 60, top - 14, "at no rate", "small", "middle")
    for at, name in enumerate(names):
        y = top + 24 * at + 8
        picture.text(left - 14, y + 4, name, "", "end")
        picture.line(left, y, right, y)
        for shift, (profile, colour) in zip((-5, 0, 5), (("A", BLUE), ("B", ORANGE), ("C", GREEN))):
            row = next(row for row in table if row["menu"] == name and row["across"] == profile)
            if row["deters from"]:
                high = across(percent(row["deters from"]))
                low = across(percent(row["not below"])) if row["not below"] else high
                picture.stroke(low, y + shift, high, y + shift, colour, 3)
                picture.dot(high, y + shift, colour, 4)
            else:
                picture.dot(right + 60 + 3 * shift, y, colour, 4, True)
    y = bottom + 12
    for x, profile, colour in ((left, "profile A", BLUE), (left + 110, "profile B", ORANGE), (left + 220, "profile C", GREEN)):
        picture.dot(x, y, colour, 4)
        picture.text(x + 10, y + 4, profile)
    picture.text(left + 320, y + 4, "a gain of 1 % of the honest profit counts", "small")
    picture.write("deterrence-frontier", "frontier.svg")


def blend(share):
    """Blue where cheating loses, orange where it pays, white between."""
    share = max(-1.0, min(1.0, share))
    end = (213, 94, 0) if share > 0 else (0, 114, 178)
    mixed = (round(255 + (colour - 255) * abs(share)) for colour in end)
    return "#" + "".join(f"{value:02x}" for value in mixed)


def floor_and_power():
    table = rows("floor-and-power", "shown.csv")
    rates = unique(row["protocol.sampling.flat_rate"] for row in table)
    powers = unique(row["found by a check"] for row in table)
    picture = Picture(900, 400, "What a swapper gains, by how much is checked and what a check finds")
    for panel, swapped in enumerate(unique(row["swapped"] for row in table)):
        left, top = 80 + 430 * panel, 90
        picture.text(left, 62, f"swaps {swapped} of its answers; share of the honest profit")
        for x, power in enumerate(powers):
            picture.text(left + 55 * x + 27, top - 8, power, "small", "middle")
        for y, rate in enumerate(rates):
            picture.text(left - 8, top + 30 * y + 20, rate, "small", "end")
            for x, power in enumerate(powers):
                row = next(
                    row
                    for row in table
                    if (row["swapped"], row["found by a check"], row["protocol.sampling.flat_rate"]) == (swapped, power, rate)
                )
                gain = float(row["deviator_gain_share"])
                is_sure = float(row["deviator_gain_share_low"]) > 0 or float(row["deviator_gain_share_high"]) < 0
                picture.box(left + 55 * x, top + 30 * y, 54, 29, blend(math.copysign(min(1, abs(gain)) ** 0.5, gain)))
                picture.text(left + 55 * x + 27, top + 30 * y + 20, f"{gain:+.2f}" + ("" if is_sure else "?"), "light" if gain < -0.5 else "inside", "middle")
    picture.text(80, 355, "columns: swapped answers that a check finds; rows: answers checked", "small")
    picture.text(80, 375, "A question mark: the 95 % interval has zero in it. Below a power of one half the vote overrules the check.", "small")
    picture.write("floor-and-power", "gain.svg")


def newcomers_dues():
    table = [row for row in rows("newcomers-dues", "shown.csv") if row["protocol.sampling.rate_min"] == "1 %"]
    picture = Picture(640, 430, "Checks an answer that a newcomer pays until it is trusted")
    left, bottom, wide, high = 70, 350, 520, 280

    def place(epochs, checks):
        return left + wide * epochs / 55, bottom - high * checks / 34

    for checks in range(0, 29, 4):
        y = place(0, checks)[1]
        picture.line(left, y, left + wide, y)
        picture.text(left - 8, y + 4, str(checks), "small", "end")
    for epochs in (10, 20, 30, 40, 50):
        picture.text(place(epochs, 0)[0], bottom + 18, str(epochs), "small", "middle")
    picture.text(left + wide / 2, bottom + 40, "epochs to full reputation; floor of the rate 1 %", "small", "middle")
    for colour, figure, of in (
        (BLUE, "checks_an_answer_sum", lambda n: sum(1 - 0.99 * (100 * k // n) / 100 for k in range(n))),
        (ORANGE, "checks_above_floor_sum", lambda n: sum(0.99 - 0.99 * (100 * k // n) / 100 for k in range(n))),
    ):
        ends = [place(n, of(n)) for n in range(5, 52)]
        for (x1, y1), (x2, y2) in zip(ends, ends[1:]):
            picture.stroke(x1, y1, x2, y2, colour, 1.2)
        for row in table:
            epochs = float(row["epochs to full reputation"])
            (x, low), (_, high_end) = place(epochs, float(row[f"{figure}_low"])), place(epochs, float(row[f"{figure}_high"]))
            picture.stroke(x, low, x, high_end, colour, 3)
            picture.dot(*place(epochs, float(row[figure])), colour, 3.5)
    for y, colour, words in ((64, BLUE, "sum of the targets: 15.744 at 30 epochs"), (86, ORANGE, "above the floor: 15.444 at 30 epochs (15.345 without rounding down)")):
        picture.dot(left + 20, y, colour, 4)
        picture.text(left + 32, y + 4, words)
    picture.text(left, bottom + 60, "dots: simulated, with 95 % intervals; lines: formula", "small")
    picture.write("newcomers-dues", "dues.svg")


def false_expulsion():
    table = rows("false-expulsion", "shown.csv")
    rates = unique(row["failing"] for row in table)
    picture = Picture(900, 400, "Honest hosts convicted in twelve epochs, every answer checked")
    tests = list(zip(unique(row["test"] for row in table), (BLUE, ORANGE, GREEN)))
    for panel, together in enumerate(unique(row["fails together"] for row in table)):
        left, bottom, wide, high = 60 + 285 * panel, 310, 235, 210
        picture.text(left, 76, f"fails together: {together}")
        for share in (0, 25, 50, 75, 100):
            y = bottom - high * share / 100
            picture.line(left, y, left + wide, y)
            if panel == 0:
                picture.text(left - 6, y + 4, f"{share} %", "small", "end")
        for at, rate in enumerate(rates):
            middle = left + wide * (at + 0.5) / len(rates)
            picture.text(middle, bottom + 18, rate, "small", "middle")
            for slot, (test, colour) in enumerate(tests):
                row = next(row for row in table if (row["failing"], row["fails together"], row["test"]) == (rate, together, test))
                x = middle + 16 * (slot - 1)
                ends = [bottom - high * float(row[f"honest_convicted_share{end}"]) for end in ("", "_low", "_high")]
                picture.box(x - 6, ends[0], 12, max(bottom - ends[0], 1), colour)
                picture.line(x, ends[1], x, ends[2], "line")
    picture.text(450, 350, "true failure rate of honest answers; whiskers: exact 95 % intervals over 480 hosts", "small", "middle")
    for x, (test, colour) in zip((70, 330, 610), tests):
        picture.dot(x, 378, colour, 4)
        picture.text(x + 10, 382, test)
    picture.write("false-expulsion", "convicted.svg")


def who_survives():
    table = rows("who-survives", "phases.csv")
    first, second = list(table[0])[:2]
    rates, costs = unique(row[first] for row in table), unique(row[second] for row in table)
    colours = {"honest": "#7cc4a8", "honest + timid": "#cfe3a0", "timid": "#f2d16b", "bold": "#e8935a"}
    picture = Picture(760, 110 + 40 * len(costs), "Who survives among ten hosts")
    left, top = 120, 60
    for y, cost in enumerate(reversed(costs)):
        picture.text(left - 10, top + 40 * y + 25, cost, "small", "end")
        for x, rate in enumerate(rates):
            row = next(row for row in table if row[first] == rate and row[second] == cost)
            words = row["survivors"]
            picture.box(left + 76 * x, top + 40 * y, 75, 39, colours.get(words, "#d1d9e0"))
            for at, word in enumerate(words.split(" + ")):
                shift = 24 if " + " not in words else 17 + 15 * at
                share = f" {100 * float(row[f'{word} share']):.0f} %" if " + " in words else ""
                picture.text(left + 76 * x + 37, top + 40 * y + shift, word + share, "narrow" if share else "inside", "middle")
    for x, rate in enumerate(rates):
        picture.text(left + 76 * x + 37, top + 40 * len(costs) + 18, rate, "small", "middle")
    picture.text(left, top + 40 * len(costs) + 38, "answers checked, against the hardware's cost an hour; timid swaps 8 % of its answers, bold all", "small")
    picture.write("who-survives", "phases.svg")


def what_it_costs():
    table = rows("what-it-costs", "front.csv")
    tests = list(zip(unique(row["test"] for row in table), (BLUE, GREEN, GREY, ORANGE)))
    picture = Picture(720, 460, "What deterrence costs: checks, a swapper's gain, honest hosts")
    left, bottom, wide, high = 80, 360, 590, 280

    def place(row):
        overhead = math.log10(float(row["verification_overhead"]) * 100 / 0.025) / math.log10(1 / 0.025)
        return left + wide * overhead, bottom - high * (float(row["deviator_gain_share"]) + 1.2) / 1.5

    for gain in (-1, -0.75, -0.5, -0.25, 0, 0.25):
        y = bottom - high * (gain + 1.2) / 1.5
        picture.line(left, y, left + wide, y)
        picture.text(left - 8, y + 4, f"{100 * gain:+.0f} %", "small", "end")
    for overhead in (0.03, 0.1, 0.3, 1.0):
        x = left + wide * math.log10(overhead / 0.025) / math.log10(1 / 0.025)
        picture.text(x, bottom + 18, f"{overhead} %", "small", "middle")
    picture.text(left + wide / 2, bottom + 38, "work spent on checks, of all work; upward: the swapper's gain, of the honest profit", "small", "middle")
    colours = dict(tests)
    for row in table:
        # The area of a ring around a point is the share of honest hosts that are convicted.
        share = float(row["honest_convicted_share"])
        if share > 0:
            picture.dot(*place(row), colours[row["test"]], round(5 + 30 * share**0.5, 1), True)
        picture.dot(*place(row), colours[row["test"]], 4, not row["on the front"])
    for at, (test, colour) in enumerate(tests):
        picture.dot(left + 10 + 160 * at, bottom + 62, colour, 4)
        picture.text(left + 20 + 160 * at, bottom + 66, test, "small")
    picture.text(left, bottom + 88, "filled: on the front, with latency as the fourth figure; rings: honest hosts convicted, by area", "small")
    picture.write("what-it-costs", "front.svg")


def rare(name, title, exact, source):
    """Estimates of one probability with their intervals, beside what theory says."""
    table = rows(name, "estimate.csv")
    low, high = -7, -2
    picture = Picture(760, 130 + 34 * len(table), title)
    left, wide, top = 170, 540, 66
    bottom = top + 34 * len(table)

    def across(probability):
        share = (math.log10(probability) - low) / (high - low) if probability > 0 else 0
        return left + wide * max(0.0, min(1.0, share))

    for power in range(low, high + 1):
        x = across(10.0**power)
        picture.line(x, top - 8, x, bottom)
        picture.text(x, bottom + 18, f"1e{power}", "small", "middle")
    x = across(exact)
    picture.stroke(x, top - 8, x, bottom, ORANGE, 1.5)
    picture.text(x, top - 14, f"{source}: {exact:.3g}", "small", "middle")
    for at, row in enumerate(table):
        y = top + 34 * at + 17
        picture.text(left - 14, y + 4, row["estimate"], "", "end")
        found, ends = float(row["probability"]), [float(row[end]) for end in ("from", "to")]
        picture.stroke(across(ends[0]), y, across(ends[1]), y, BLUE, 3)
        # Nothing seen has a bound and no estimate.
        if found > 0:
            picture.dot(across(found), y, BLUE, 4.5)
    picture.text(left, bottom + 40, "probability with 95 % interval; plain replicates saw nothing and bound it from above", "small")
    picture.write(name, "estimate.svg")


if __name__ == "__main__":
    rare("rare-expulsion", "An honest host that fails one check in a hundred is convicted", 7.72e-6, "exact programme")
    rare("rare-capture", "False convictions hand half of the weight to a ring of 36 %", 5.8e-5, "binomial law")
    rare("rare-undetected", "A host that fails a quarter of its checks goes undetected for three epochs", 1.88e-4, "exact programme")
    deterrence_frontier()
    floor_and_power()
    newcomers_dues()
    false_expulsion()
    who_survives()
    what_it_costs()
