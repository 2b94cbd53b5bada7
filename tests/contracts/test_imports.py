"""The floors of the house: import-linter's contracts hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [str(linter), "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=110
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-1000:]


def test_the_first_page_needs_no_heavy_import() -> None:
    """Supabase, Alembic and Playwright wait behind their doors until somebody needs them."""
    code = (
        "import sys, gymbro_ui.commands.dispatch;"
        "heavy = {'supabase', 'alembic', 'playwright', 'pandas', 'numpy', 'xllamacpp'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.stdout.strip() == "[]", result.stdout + result.stderr
