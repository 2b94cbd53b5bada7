"""One way only: to the database, to the settings, to what a supplier offers."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("gymbro_ui", "components", "services")
READS_FOREIGN_FILES = "services/imports/"  # an original's own file, opened read-only
DRIVER = re.compile(
    r"^\s*(?:import|from) (?:sqlite3|psycopg)\b|\bcreate_(?:async_)?engine\(", re.MULTILINE
)
CONFIG = re.compile(r"\bDashboardConfigRow\b|\bmerge_config\(")
ENVIRONMENT = re.compile(r"\bos\.(?:environ|getenv)\b")
MODEL_LIST = re.compile(r"\"GET\", f\"\{[^}]*\}/models\"")


def places(pattern: re.Pattern[str], *folders: str) -> list[str]:
    """Files of the folders in which the pattern is found."""
    return sorted(
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    )


def test_s4_19_only_the_database_layer_opens_a_database() -> None:
    found = places(DRIVER, *FLOORS)
    assert [path for path in found if not path.startswith(READS_FOREIGN_FILES)] == [
        "services/backup/restores.py",  # looks into a copy before it takes its place
        "services/operator/checkup.py",  # the doctor looks at a store that may not open
    ]


def test_s4_19_only_the_settings_read_the_stored_configuration_and_the_environment() -> None:
    others = [path for path in places(CONFIG, *FLOORS) if not path.startswith("services/settings/")]
    assert set(others) <= {
        "services/audit/tables.py",  # shows what changed
        "services/imports/settings.py",  # with the rest of a file, in one transaction
    }
    assert places(ENVIRONMENT, *FLOORS) == ["services/settings/env.py"]


def test_s4_21_one_probe_asks_suppliers_for_their_models() -> None:
    assert places(MODEL_LIST, *FLOORS) == ["services/suppliers/probe.py"]
