"""Write the next revision: `python -m db.migrations.revise "what changed" [--first]`.

It compares db/tables with what the revisions make so far and writes versions/NNNN_what_changed.py.
Read the result: check server defaults of new columns in old rows, partial indexes, and the way down.
`--first` writes revision 0001 anew; allowed only while nothing was released.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from db.connect import build_engine, sqlite_url
from db.migrations.head import SHIPPED, Revisions, revision_of
from db.migrations.runner import configure, upgrade


def write_revision(message: str, revisions: Revisions = SHIPPED) -> Path:
    """Return the new file, formatted; it is empty of steps when the tables have not changed."""
    version = revisions.head + 1
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:40]
    with tempfile.TemporaryDirectory() as folder:
        engine = build_engine(sqlite_url(f"{folder}/revise.sqlite3"), writes=True)
        if revisions.head:
            upgrade(engine, revisions=revisions)
        config = configure(revisions)
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.revision(
                config,
                message.rstrip("."),
                autogenerate=True,
                rev_id=revision_of(version),
                version_path=str(revisions.folder),
            )
        engine.dispose()
    path = revisions.folder / f"{revision_of(version)}_{slug}.py"
    path.write_text(re.sub(r"^ *# ### .* ###\n", "", path.read_text(), flags=re.MULTILINE))
    for arguments in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([Path(sys.executable).with_name("ruff"), *arguments, path], check=True)
    return path


def main(arguments: list[str]) -> int:
    """Write the revision named on the command line and print its path."""
    words = [word for word in arguments if word != "--first"]
    if len(words) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if "--first" in arguments:
        for path in SHIPPED.folder.glob("0001_*.py"):
            path.unlink()
    sys.stdout.write(f"{write_revision(words[0])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
