"""Takes the README's picture of the desk from a running demo: `python scripts/picture.py`.

Writes docs/desk.png: a ticket with Makegood's note, and beside it the sidebar. Twice the size at
which it is shown, so that text stays crisp, in 256 colours, so that it stays small.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.cli.stage import Show, Stage  # noqa: E402 - found by the line above
from integrations.sandbox.scenario import STORIES, Scene, play  # noqa: E402
from tests.support.browser import CHROMIUM_ARGUMENTS, chromium_path  # noqa: E402

PICTURE = ROOT / "docs" / "desk.png"
WIDTH, HEIGHT, SCALE, COLOURS = 1360, 860, 2, 256
MAX_BYTES = 350_000
# The last one is on top of the list, and open.
TOLD = (
    "where_is_it",
    "two_days_late",
    "euros_tax_included",
    "several_orders_none_named",
    "thanks",
    "over_500",
    "never_arrived",
    "final_sale_but_damaged",
    "invoice",
    "disputed",
    "gift_card_and_card",
    "damaged_within_60_days",
)
_PATIENCE_SECONDS = 30.0
# A frame in a process of its own would be drawn at single size and blown up.
_SHARP_FRAMES = (
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process",
)


def write_tickets(stage: Stage) -> int:
    """All tickets of the picture; returns the last one once it has its note."""
    scenes: dict[str, Scene] = {
        scene.story.key: scene for scene in play(len(STORIES), datetime.now(UTC))
    }
    ticket_id = 0
    for key in TOLD:
        scene = scenes[key]
        if scene.orders:
            stage.shopify.post("orders", {"orders": list(scene.orders)})
        [user] = stage.zendesk.post("seed", {"users": [scene.user]})["users"]
        seed = {"tickets": [{**scene.ticket, "requester": str(user)}]}
        [ticket_id] = stage.zendesk.post("seed", seed)["tickets"]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while scene.story.expected.is_refund and not _has_note(stage, ticket_id):
            if time.monotonic() > deadline:
                raise SystemExit(f"No note came for {key}.")
            time.sleep(0.1)
    return ticket_id


def _has_note(stage: Stage, ticket_id: int) -> bool:
    return bool(stage.zendesk.get(f"tickets/{ticket_id}/notes")["notes"])


def photograph(desk_url: str, ticket_id: int) -> bytes:
    """The desk with the ticket open and the sidebar's button on, as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*CHROMIUM_ARGUMENTS, *_SHARP_FRAMES]
        )
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            locale="en-US",
            timezone_id="Etc/UTC",
        )
        page.goto(f"{desk_url}/tickets/{ticket_id}?scheme=light")
        sidebar = page.frame_locator(".app-slot iframe")
        expect(sidebar.locator(".pay .button-money")).to_be_enabled(timeout=20_000)
        picture = page.screenshot(animations="disabled")
        browser.close()
    return picture


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        show = Show(folder=Path(folder), workers=1, log_file=Path(folder) / "log")
        with Stage(show) as stage:
            picture = photograph(stage.desk_url, write_tickets(stage))
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    PICTURE.parent.mkdir(exist_ok=True)
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    size = PICTURE.stat().st_size
    print(f"{PICTURE.relative_to(ROOT)}: {size / 1000:.0f} kB")
    return 0 if size <= MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
