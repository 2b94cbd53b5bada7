"""What an operator sees of executions in a real Chromium: S2.43 to S2.48, keys, filters, monitor, cancel."""

from playwright.async_api import Locator, Page, expect

LONG = {"steps": 600, "step_s": 0.2}


LADDER_S = 5 + 3 + 2  # grace, force, and the page


def row(page: Page, key: str) -> Locator:
    return page.locator(f'.ex-row[data-key="{key}"]')


async def wait_loaded(page: Page) -> None:
    await expect(page.locator(".ex-body .ex-row, .ex-list .gb-empty").first).to_be_visible()


OVERLAPS = """() => {
  const box = (e) => e.getBoundingClientRect();
  const dock = box(document.querySelector("#gb-dock"));
  const parts = [".gb-page", ".gb-rail", ".gb-top", ".gb-foot", ".gb-drawer[data-open=true]"];
  const hit = (b) => b.bottom > dock.top + 1 && b.top < dock.bottom - 1 && b.right > dock.left + 1 && b.left < dock.right - 1;
  const over = parts.filter((p) => document.querySelector(p) && hit(box(document.querySelector(p))));
  const button = box(document.querySelector(".gb-monitor__button"));
  if (button.right > innerWidth + 1 || button.left < 0) over.push("the button is cut");
  const rail = [...document.querySelectorAll(".gb-rail__item")].map(box);
  if (rail.some((b) => b.bottom > innerHeight)) over.push("the menu is cut");
  return over;
}"""


async def composed(page: Page, key: str) -> None:
    await page.evaluate(
        "key => document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " { key, isComposing: true, bubbles: true }))",
        key,
    )
