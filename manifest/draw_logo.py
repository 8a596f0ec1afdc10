"""Draws the logo: `python -m manifest.draw_logo` writes SVG and PNGs below `manifest/zendesk/`.

A coin on its way back: a ring that ends in an arrow, turning against the clock, round a tick. All
lengths are hundredths of the edge, so both forms come from the same numbers.
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

ASSETS = Path(__file__).parent / "zendesk" / "assets"
SIZES = {"logo.png": 320, "logo-small.png": 128}
OVERSAMPLING = 8
CORNER = 22.0
TOP, BOTTOM = (16, 160, 122), (6, 92, 82)
WHITE = (255, 255, 255)
RING_RADIUS, RING_WIDTH = 29.0, 8.0
# Angles in degrees, clockwise from three o'clock, as Pillow counts them.
RING_START, RING_END = -62.0, 232.0
ARROW_LENGTH, ARROW_HALF = 15.0, 11.5
TICK = ((37.5, 51.5), (46.5, 60.5), (63.0, 41.5))
TICK_WIDTH = 8.0

Point = tuple[float, float]


def _on_ring(angle: float, radius: float = RING_RADIUS) -> Point:
    turn = math.radians(angle)
    return 50 + radius * math.cos(turn), 50 + radius * math.sin(turn)


def arrow() -> tuple[Point, Point, Point]:
    """The arrow's head at the ring's beginning, pointing against the clock."""
    turn = math.radians(RING_START)
    along = (math.sin(turn), -math.cos(turn))
    x, y = _on_ring(RING_START)
    tip = (x + along[0] * ARROW_LENGTH, y + along[1] * ARROW_LENGTH)
    return (
        _on_ring(RING_START, RING_RADIUS + ARROW_HALF),
        tip,
        _on_ring(RING_START, RING_RADIUS - ARROW_HALF),
    )


def svg() -> str:
    """The logo as SVG, 100 units wide."""
    start, end = _on_ring(RING_START), _on_ring(RING_END)
    head = " ".join(f"{x:.2f},{y:.2f}" for x, y in arrow())
    tick = " ".join(f"{x:.2f},{y:.2f}" for x, y in TICK)
    radius, width = RING_RADIUS, RING_WIDTH
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" role="img">\n'
        "<title>Makegood</title>\n"
        '<defs><linearGradient id="ground" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="rgb{TOP}"/><stop offset="1" stop-color="rgb{BOTTOM}"/>'
        "</linearGradient></defs>\n"
        f'<rect width="100" height="100" rx="{CORNER}" fill="url(#ground)"/>\n'
        f'<path d="M {start[0]:.2f} {start[1]:.2f} A {radius} {radius} 0 1 1 '
        f'{end[0]:.2f} {end[1]:.2f}" fill="none" stroke="#fff" stroke-width="{width}" '
        'stroke-linecap="round"/>\n'
        f'<polygon points="{head}" fill="#fff" stroke="#fff" stroke-width="2" '
        'stroke-linejoin="round"/>\n'
        f'<polyline points="{tick}" fill="none" stroke="#fff" stroke-width="{TICK_WIDTH}" '
        'stroke-linecap="round" stroke-linejoin="round"/>\n</svg>\n'
    )


def draw(size: int) -> Image.Image:
    """The logo as a picture of `size` x `size` pixels, with transparent corners."""
    edge = size * OVERSAMPLING
    unit = edge / 100

    def scaled(points: tuple[Point, ...]) -> list[Point]:
        return [(x * unit, y * unit) for x, y in points]

    ground = Image.new("RGB", (1, edge))
    for row in range(edge):
        share = row / (edge - 1)
        colour = tuple(round(a + (b - a) * share) for a, b in zip(TOP, BOTTOM, strict=True))
        ground.putpixel((0, row), colour)
    picture = ground.resize((edge, edge)).convert("RGBA")
    pen = ImageDraw.Draw(picture)

    def dot(centre: Point, width: float) -> None:
        x, y = centre
        half = width / 2
        pen.ellipse(
            ((x - half) * unit, (y - half) * unit, (x + half) * unit, (y + half) * unit),
            fill=WHITE,
        )

    outer = RING_RADIUS + RING_WIDTH / 2
    pen.arc(
        ((50 - outer) * unit, (50 - outer) * unit, (50 + outer) * unit, (50 + outer) * unit),
        RING_START,
        RING_END,
        fill=WHITE,
        width=round(RING_WIDTH * unit),
    )
    dot(_on_ring(RING_END), RING_WIDTH)
    pen.polygon(scaled(arrow()), fill=WHITE)
    pen.line([*scaled(arrow()), scaled(arrow())[0]], fill=WHITE, width=round(2 * unit))
    for corner in arrow():
        dot(corner, 2.0)
    pen.line(scaled(TICK), fill=WHITE, width=round(TICK_WIDTH * unit))
    for joint in TICK:
        dot(joint, TICK_WIDTH)
    mask = Image.new("L", (edge, edge), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, edge - 1, edge - 1), radius=CORNER * unit, fill=255
    )
    picture.putalpha(mask)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    """Write all forms of the logo."""
    ASSETS.mkdir(parents=True, exist_ok=True)
    (ASSETS / "logo.svg").write_text(svg())
    for name, size in SIZES.items():
        draw(size).save(ASSETS / name, optimize=True)


if __name__ == "__main__":
    main()
