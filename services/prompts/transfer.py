"""Transfer: prompts from Markdown and JSON files and back, planned before anything is stored."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.queries import prompt_versions, prompts
from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.prompts import rules
from services.prompts.files import FILES_MOST, read_file
from services.prompts.types import (
    ImportFate,
    ImportFile,
    ImportRow,
    Prompt,
    PromptEdit,
    PromptType,
    PromptVersion,
)

ROWS_MOST = 500


@dataclass(frozen=True, slots=True)
class Known:
    """A prompt that is here, as far as an import must know it."""

    id: int
    name: str
    prompt_type: str
    tools_json: Any  # of the newest version
    digests: Mapping[str, int]  # SHA-256 of each version to its number


def known(session: Session) -> list[Known]:
    """Return every prompt that is here."""
    digests = prompt_versions.digests(session)
    found: list[Known] = []
    for row in prompts.all_prompts(session):
        number = row.id or 0
        tools = row.tools_json
        if row.newest_no != row.version_no:
            tools = prompt_versions.find_version(session, number, row.newest_no).tools_json
        found.append(Known(number, row.name, row.prompt_type, tools, digests.get(number, {})))
    return found


def plan(files: Iterable[ImportFile], here: Sequence[Known]) -> list[ImportRow]:
    """Return what each prompt of the files would do; raise InputError for too many files."""
    rows: list[ImportRow] = []
    seen: dict[tuple[str, str, str], str] = {}
    for number, file in enumerate(files):
        if number == FILES_MOST:
            raise InputError("At most {count} files at once", field="files", count=FILES_MOST)
        for edit in _read(file):
            row = _judged(file.name, edit, here) if isinstance(edit, PromptEdit) else edit
            rows.append(_once(row, seen))
            if len(rows) == ROWS_MOST:
                return rows
    return rows


def write(session: Session, rows: Iterable[ImportRow], now: datetime, edited_by: str) -> int:
    """Return how many prompts and versions were added; what is here by now is passed over."""
    count = 0
    for row in rows:
        if row.edit is None:
            continue
        again = _judged(row.file, replace(row.edit, id=None), known(session))
        if not again.is_useful or again.edit is None:
            continue
        edit = again.edit
        values = rules.checked_values(edit)
        note = prompts.Note(rules.checked_message(edit.message) or f"from {row.file}"[:200])
        if edit.id is None:
            values["prompt_type"] = str(edit.prompt_type)
            prompts.add_prompt(session, values, now, edited_by, note)
        else:
            prompts.save_version(session, edit.id, values, now, edited_by, note)
        count += 1
    return count


def export_text(head: Prompt, version: PromptVersion) -> str:
    """Return one version as a JSON file."""
    row = {
        "name": head.name,
        "prompt_type": str(head.prompt_type),
        "version": head.version,
        "category": head.category,
        "description": head.description,
        "message": version.message,
        "version_no": version.version_no,
        "content": version.content,
        "tools_json": version.tools_json,
    }
    return json.dumps(row, ensure_ascii=False, indent=2) + "\n"


def _read(file: ImportFile) -> Iterator[PromptEdit | ImportRow]:
    """Yield the prompts of a file; what cannot be taken comes as a row with its reason."""
    try:
        found = read_file(file)
    except InputError as error:
        yield _skipped(file.name, error.message)
        return
    for edit in found:
        try:
            rules.checked_values(edit)
            rules.checked_message(edit.message)
        except InputError as error:
            yield _skipped(file.name, error.message, edit)
        else:
            yield edit


def _skipped(file: str, reason: Message, edit: PromptEdit | None = None) -> ImportRow:
    return ImportRow(file, ImportFate.SKIPPED, edit, reason=reason)


def _judged(file: str, edit: PromptEdit, here: Sequence[Known]) -> ImportRow:
    match = next((one for one in here if _is_meant(edit, one)), None)
    if match is None:
        kind = edit.prompt_type or (PromptType.TOOLS if edit.tools_json else PromptType.SYSTEM)
        return ImportRow(file, ImportFate.NEW, replace(edit, prompt_type=kind))
    tools = match.tools_json if edit.tools_json is None else edit.tools_json
    number = match.digests.get(prompt_versions.digest(edit.content or "", tools))
    merged = replace(edit, id=match.id, prompt_type=PromptType(match.prompt_type))
    if number is not None:
        return ImportRow(file, ImportFate.KNOWN, merged, known_no=number)
    return ImportRow(file, ImportFate.VERSION, merged)


def _is_meant(edit: PromptEdit, one: Known) -> bool:
    if edit.name != one.name or one.prompt_type not in list(PromptType):
        return False
    return edit.prompt_type is None or edit.prompt_type == one.prompt_type


def _once(row: ImportRow, seen: dict[tuple[str, str, str], str]) -> ImportRow:
    """Return the row, or why not when an earlier file says the same."""
    edit = row.edit
    if edit is None or not row.is_useful:
        return row
    text = prompt_versions.digest(edit.content or "", edit.tools_json)
    key = (edit.name or "", str(edit.prompt_type), text)
    if key in seen:
        return _skipped(row.file, say("The same as in {file}", file=seen[key]), edit)
    seen[key] = row.file
    return row
