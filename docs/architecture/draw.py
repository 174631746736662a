#!/usr/bin/env python3
"""Draws docs/architecture.svg from data_flow.txt, which says what its lines mean.

usage: draw.py [--check]     --check writes nothing, and fails where the drawing is not what it would write
"""
import sys
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
TEXT, DRAWING = HERE / "data_flow.txt", HERE.parent / "architecture.svg"

# Pixels.
WIDTH, HEIGHT = 248, 50  # of a box
GAP_X, GAP_Y = 56, 30
MARGIN, RIGHT, HEAD = 24, 96, 92  # around everything; for arrows back; above the boxes
LETTER, SMALL = 8.1, 6.9  # the widest average letter of a line in any common font, by size of type
STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; fill: #171a20; }
.ground { fill: #f5f6f8; } .file { fill: #fff6e0; stroke: #a87400; } .step { fill: #ffffff; stroke: #0072b2; }
.title { font-size: 17px; font-weight: 650; } .heading { font-size: 15px; font-weight: 650; }
.name { font-size: 13.5px; } .note { font-size: 11.5px; fill: #4d5560; } .arrow { stroke: #4d5560; fill: none; }
.tip { fill: #4d5560; }
@media (prefers-color-scheme: dark) {
  text { fill: #e7eaef; } .ground { fill: #0f1216; } .file { fill: #2b2413; stroke: #e69f00; }
  .step { fill: #181c22; stroke: #56b4e9; } .note { fill: #b3bbc6; } .arrow { stroke: #b3bbc6; } .tip { fill: #b3bbc6; }
}
"""


def fail(message):
    sys.exit(f"draw.py: {message}")


def parts_of(line):
    """The words before the first bar, and the texts between bars."""
    words, *texts = [part.strip() for part in line.split("|")]
    return words.split(), texts


class Drawing:
    def __init__(self, text):
        self.title, self.columns, self.boxes, self.arrows = "", {}, {}, []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            (kind, *names), texts = parts_of(line)
            if kind == "title":
                self.title = line.removeprefix("title ")
            elif kind == "column":
                self.columns[names[0]] = (len(self.columns), texts)
            elif kind in ("file", "step"):
                name, column, row = names
                self.boxes[name] = (kind, self.columns[column][0], int(row), texts)
            elif kind in ("arrow", "back") and all(name in self.boxes for name in names):
                self.arrows.append((kind, *names, texts[0] if texts else ""))
            else:
                fail(f"{TEXT.name}, line {number}: {line}")
        self.rows = 1 + max(row for _, _, row, _ in self.boxes.values())

    def corner(self, name):
        _, column, row, _ = self.boxes[name]
        return MARGIN + column * (WIDTH + GAP_X), HEAD + row * (HEIGHT + GAP_Y)

    def svg(self):
        width = 2 * MARGIN + len(self.columns) * (WIDTH + GAP_X) - GAP_X + RIGHT
        height = HEAD + self.rows * (HEIGHT + GAP_Y) - GAP_Y + MARGIN
        lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
                 f"<title>{escape(self.title)}</title>", f"<desc>{escape(self.description())}</desc>",
                 f"<style>{STYLE}</style>", f'<rect class="ground" width="{width}" height="{height}" rx="10"/>',
                 text_at(MARGIN, 34, "title", self.title)]
        for place, texts in self.columns.values():
            center = MARGIN + place * (WIDTH + GAP_X) + WIDTH / 2
            lines.append(text_at(center, 64, "heading", texts[0], "middle"))
            lines.append(text_at(center, 81, "note", texts[1], "middle"))
        lines += [self.arrow(*arrow) for arrow in self.arrows]
        lines += [self.box(name) for name in self.boxes]
        return "\n".join([*lines, self.legend(), "</svg>", ""])

    def description(self):
        name = {box: self.boxes[box][3][0] for box in self.boxes}
        return "; ".join(f"{name[start]} to {name[end]}" for _, start, end, _ in self.arrows)

    def box(self, name):
        kind, _, _, (text, note) = self.boxes[name]
        if len(text) * LETTER > WIDTH - 12 or len(note) * SMALL > WIDTH - 12:
            fail(f"the texts of {name} do not fit into its box")
        x, y = self.corner(name)
        radius = 4 if kind == "step" else HEIGHT / 2
        return "\n".join([rectangle(x, y, WIDTH, HEIGHT, kind, radius),
                          text_at(x + WIDTH / 2, y + 21, "name", text, "middle"),
                          text_at(x + WIDTH / 2, y + 39, "note", note, "middle")])

    def arrow(self, kind, start, end, label):
        (x0, y0), (x1, y1) = self.corner(start), self.corner(end)
        if kind == "back":  # up, on the right of the column
            side, middle = x0 + WIDTH, (y0 + y1 + HEIGHT) / 2
            path = f"M{side},{y0 + HEIGHT / 2} h22 V{y1 + HEIGHT / 2} h-16"
            words = label.split()
            half = (len(words) + 1) // 2
            notes = [" ".join(words[:half]), " ".join(words[half:])]
            return "\n".join([line_of(path), tip(side + 2, y1 + HEIGHT / 2, "left")] +
                             [text_at(side + 28, middle + 15 * i - 3, "note", note) for i, note in enumerate(notes)])
        if x0 == x1:  # down to the next row
            return line_of(f"M{x0 + WIDTH / 2},{y0 + HEIGHT} V{y1 - 6}") + "\n" + tip(x1 + WIDTH / 2, y1 - 2, "down")
        to_right = x1 > x0
        begin, target = (x0 + WIDTH, x1) if to_right else (x0, x1 + WIDTH)
        bend = target - GAP_X / 2 if to_right else target + GAP_X / 2
        near = target - 6 if to_right else target + 6
        path = f"M{begin},{y0 + HEIGHT / 2} H{bend} V{y1 + HEIGHT / 2} H{near}"
        lines = [line_of(path), tip(target - 2 if to_right else target + 2, y1 + HEIGHT / 2, "right" if to_right else "left")]
        if label:
            lines.append(text_at((begin + bend) / 2, y0 + HEIGHT / 2 - 8, "note", label, "middle"))
        return "\n".join(lines)

    def legend(self):
        """Where the middle column is empty."""
        x, y = MARGIN + WIDTH + GAP_X, HEAD + 3 * (HEIGHT + GAP_Y) + 16
        return "\n".join([rectangle(x, y, 34, 20, "file", 10), text_at(x + 44, y + 14, "note", "a file or folder"),
                          rectangle(x, y + 30, 34, 20, "step", 4),
                          text_at(x + 44, y + 44, "note", "a step, with its folders of src/")])


def rectangle(x, y, width, height, kind, radius):
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius:g}" stroke-width="1.4"/>'


def text_at(x, y, kind, text, anchor="start"):
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def line_of(path):
    return f'<path class="arrow" d="{path}" stroke-width="1.4"/>'


def tip(x, y, towards):
    dx, dy = {"down": (0, 1), "left": (-1, 0), "right": (1, 0)}[towards]
    back_x, back_y = x - 8 * dx, y - 8 * dy
    return (f'<path class="tip" d="M{x:g},{y:g} L{back_x - 4.5 * dy:g},{back_y - 4.5 * dx:g} '
            f'L{back_x + 4.5 * dy:g},{back_y + 4.5 * dx:g} Z"/>')


def main():
    svg = Drawing(TEXT.read_text(encoding="utf-8")).svg()
    if "--check" not in sys.argv:
        DRAWING.write_text(svg, encoding="utf-8")
    elif not DRAWING.exists() or DRAWING.read_text(encoding="utf-8") != svg:
        fail("docs/architecture.svg is not what docs/architecture/data_flow.txt says. Run docs/architecture/draw.py")


main()
