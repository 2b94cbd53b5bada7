"""axe-core on a page that is open: what it finds that keeps somebody out."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

GRAVE = ("serious", "critical")
_AXE = Axe()
# Quasar draws its file picker as an input inside of a button: not ours to mend.
_OURS = {"exclude": [[".q-uploader"]]}


async def findings(page: Page, only: Sequence[str] = ()) -> list[str]:
    """Return each serious or critical finding: the look, the address, the rule, the first element."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if only:
        options["runOnly"] = list(only)
    results = await _AXE.run(page, context=_OURS, options=options)
    look = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    where = f"{'dark' if look else 'light'} {page.url.partition('/')[2].partition('/')[2]}"
    return [
        f"{where}: {found['id']} × {len(found['nodes'])}: {found['nodes'][0]['html'][:160]}"
        for found in results.response["violations"]
        if found["impact"] in GRAVE
    ]
