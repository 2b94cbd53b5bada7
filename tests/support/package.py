"""The packaged app, built once for these sources and kept under build/."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.support.process import ROOT, plain_environment

BUILD = ROOT / "build" / "test-package"
PROGRAM = BUILD / "dist" / "gymbro-console" / "gymbro-console"
_SOURCES = ("gymbro_ui", "components", "services", "db", "locale")
_FILES = ("main.py", "gymbro-console.spec", "requirements.lock", "requirements-desktop.lock")


def build(seconds: float = 900) -> Path:
    """Return the program, built anew when a source changed; without Qt, which takes most of it."""
    wanted, stamp = _fingerprint(), BUILD / "sources"
    if PROGRAM.exists() and stamp.exists() and stamp.read_text() == wanted:
        return PROGRAM
    BUILD.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    environment = plain_environment(
        {"GYMBRO_PACKAGE_WINDOW": "0", "PYINSTALLER_CONFIG_DIR": str(BUILD / "cache")}
    )
    done = subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN",
         "--distpath", str(BUILD / "dist"), "--workpath", str(BUILD / "work"),
         str(ROOT / "gymbro-console.spec")],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    stamp.write_text(wanted)
    return PROGRAM


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    found = [ROOT / name for name in _FILES]
    for folder in _SOURCES:
        found += [
            Path(place) / name
            for place, _folders, names in os.walk(ROOT / folder)
            for name in names
            if not name.endswith((".pyc", ".po"))
        ]
    for path in sorted(found):
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()
