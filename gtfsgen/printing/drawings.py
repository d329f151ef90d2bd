"""Map, charts and coach diagrams of the pages as files of their own: SVG, and PNG from it."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import date

import shapely

from gtfsgen.dates import EPOCH
from gtfsgen.printing.pdf import PdfUnavailable
from gtfsgen.render.book import Book, BookLine
from gtfsgen.render.chart import dense_chart, line_chart
from gtfsgen.render.coaches import coach_diagrams
from gtfsgen.render.pages import Site, own_file
from gtfsgen.render.sheet import Sheet

SVG = "http://www.w3.org/2000/svg"
PNG_PPI = 144
LETTER = 13.0
LINES = ("rail", "straight")
PLACES = (
    ("start", 9, 4), ("end", -9, 4), ("middle", 0, -10), ("middle", 0, 20), ("start", 8, -8),
    ("start", 8, 17), ("end", -8, -8), ("end", -8, 17), ("middle", 0, -22), ("middle", 0, 32),
)  # fmt: skip
"""Where a name may stand beside its dot: anchor, right, down; the best first."""
ROOTS = {"chart": "chart", "coaches": "coach"}
"""The class under which the page's style has the rules of each kind of drawing."""


def drawings(book: Book, site: Site, day: date | None) -> Iterator[tuple[str, str]]:
    """(name, text) of an SVG file for the map, and for each line its chart and coach diagrams.

    Charts show the trains of `day`, or of a day in the middle of the line's. Styles are written
    into the files, so that any program shows them as the page does in daylight.
    """
    style = plain_style(own_file("page.css"))
    sheet = site._sheet({})
    for number, text in enumerate(_svgs(str(site._map(book.lines, sheet, lambda _: "")))):
        yield f"map{number or ''}.svg", _standalone(text, "map", style, sheet, None)
    for line in book.lines:
        sheet = site._sheet({})
        chosen = day or middle_day(line)
        chart = line_chart(line.line, sheet) if line.line else dense_chart(line.directions, sheet)
        coaches = coach_diagrams(line.line, sheet) if line.line else ""
        for kind, drawn in (("chart", chart), ("coaches", coaches)):
            for number, text in enumerate(_svgs(str(drawn)), start=1):
                name = f"{line.key}-{kind}{f'-{number}' if number > 1 else ''}.svg"
                yield name, _standalone(text, ROOTS[kind], style, sheet, chosen)


def png(svg: str) -> bytes:
    """An SVG drawing as a PNG picture.

    Raises `PdfUnavailable` where typst, which draws it, is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise PdfUnavailable("PNG is drawn by typst: pip install 'gtfsgen[pdf]'") from error

    page = (
        "#set page(width: auto, height: auto, margin: 0pt)\n"
        '#image(bytes(sys.inputs.svg), format: "svg", width: 900pt)\n'
    )
    drawn = typst.compile(page.encode(), format="png", ppi=PNG_PPI, sys_inputs={"svg": svg})
    return bytes(drawn)


def middle_day(line: BookLine) -> date | None:
    """A day with as many days of the line before it as after."""
    days = list(line.dates.numbers())
    return date.fromordinal(EPOCH.toordinal() + days[len(days) // 2]) if days else None


def plain_style(css: str) -> str:
    """The page's style with the colours of daylight in place of its variables, and nothing of
    other media.
    """
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    names = dict(re.findall(r"(--[\w-]+):\s*([^;}]+)", css[: css.index("}")]))
    plain = _without_media(css)
    for _ in range(3):  # a variable may stand in another one
        plain = re.sub(
            r"var\((--[\w-]+)(?:,\s*([^()]*))?\)",
            lambda m: (names.get(m[1]) or m[2] or "inherit").strip(),
            plain,
        )
    return plain


def _without_media(css: str) -> str:
    kept, depth, skipping = [], 0, -1
    for part in re.split(r"(?<=[{}])", css):
        if part.endswith("{"):
            if part.strip().startswith(("@", ":root")) and skipping < 0:
                skipping = depth
            depth += 1
        if skipping < 0:
            kept.append(part)
        if part.endswith("}"):
            depth -= 1
            if depth == skipping:
                skipping = -1
    return "".join(kept)


def _svgs(html: str) -> list[str]:
    """The outermost drawings of a page's part."""
    found, depth, start = [], 0, 0
    for tag in re.finditer(r"<svg\b|</svg>", html):
        if tag[0] == "<svg":
            start = start if depth else tag.start()
            depth += 1
        else:
            depth -= 1
            if not depth:
                found.append(html[start : tag.end()])
    return found


def _standalone(text: str, look: str, style: str, sheet: Sheet, day: date | None) -> str:
    """The drawing as a file, without what does not run on the day."""
    ET.register_namespace("", SVG)
    root = ET.fromstring(text.replace("<svg", f'<svg xmlns="{SVG}"', 1))
    if day is not None:
        idle = {
            f"d{number}" for dates, number in sheet.days.sets.items() if dates and day not in dates
        }
        _drop(root, idle)
    root.set("class", f"{look} {root.get('class', '')}".strip())
    box = root.get("viewBox", "0 0 900 600").split()
    root.set("width", box[2])
    root.set("height", box[3])
    for name in ("tabindex", "role"):
        root.attrib.pop(name, None)
    if look == "map":
        place_names(root, float(box[2]), float(box[3]))
    rules = ET.Element(f"{{{SVG}}}style")
    rules.text = style
    ground = ET.Element(f"{{{SVG}}}rect")
    ground.attrib |= {"x": box[0], "y": box[1], "width": box[2], "height": box[3], "fill": "#fff"}
    root.insert(0, ground)
    root.insert(0, rules)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def place_names(root: ET.Element, width: float, height: float) -> int:
    """Put the names of a map's stations where they lie on no other name, dot or line, the most
    important first; returns how many found no place and were taken out.

    In the page a script does this with the browser's own measures; here a letter is taken to be
    0.56 of its size wide, a Chinese one as wide as high.
    """
    lines = [line for path in root.iter(f"{{{SVG}}}path") if path.get("class", "") in LINES
             for line in _lines_of(path.get("d", ""))]  # fmt: skip
    tree = shapely.STRtree(lines)
    stops = [g for g in root.iter(f"{{{SVG}}}g") if "stop" in g.get("class", "").split()]
    spots = [_translation(g) for g in stops]
    taken = [shapely.box(x - 5, y - 5, x + 5, y + 5) for x, y in spots]
    frame = shapely.box(0, 0, width, height)
    left_out = 0
    for group, (x, y) in zip(stops, spots, strict=True):
        holder = next((e for e in group.iter() if e.find(f"{{{SVG}}}text") is not None), None)
        text = None if holder is None else holder.find(f"{{{SVG}}}text")
        if holder is None or text is None:
            continue
        wide = sum(
            LETTER if unicodedata.east_asian_width(sign) in "WF" else 0.56 * LETTER
            for sign in "".join(text.itertext())
        )
        for anchor, right, down in PLACES:
            start = x + right - (wide if anchor == "end" else wide / 2 if anchor == "middle" else 0)
            box = shapely.box(start, y + down - LETTER, start + wide, y + down + 4)
            if (
                frame.contains(box)
                and not any(box.intersects(other) for other in taken)
                and not len(tree.query(box, predicate="intersects"))
            ):
                taken.append(box)
                text.attrib |= {"text-anchor": anchor, "x": str(right), "y": str(down)}
                break
        else:
            holder.remove(text)
            left_out += 1
    return left_out


def _translation(group: ET.Element) -> tuple[float, float]:
    x, y = re.findall(r"-?[\d.]+", group.get("transform", "translate(0 0)"))[:2]
    return float(x), float(y)


def _lines_of(path: str) -> list[shapely.LineString]:
    found = []
    for part in path.split("M")[1:]:
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", part)]
        points = list(zip(numbers[::2], numbers[1::2], strict=False))
        if len(points) > 1:
            found.append(shapely.LineString(points))
    return found


def _drop(element: ET.Element, idle: set[str]) -> None:
    for child in list(element):
        if idle & set(child.get("class", "").split()):
            element.remove(child)
        else:
            _drop(child, idle)
