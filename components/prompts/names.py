"""Names: the words for types of prompts, and the entries of the two lists."""

from collections.abc import Mapping, Sequence

from components.primitives.formats import clock_text
from components.prompts.choice_list import Badge, Entry
from components.words import tr, word
from services.prompts.types import Hit, Prompt, PromptType, PromptVersion

TYPE_WORDS: Mapping[PromptType, str] = {
    PromptType.SYSTEM: word("System · ThinkingML"),
    PromptType.TOOLS: word("Tools · ThinkingML"),
    PromptType.SYSTEM_JSONSEQ: word("System · JSONSeq"),
    PromptType.TOOLS_JSONSEQ: word("Tools · JSONSeq"),
    PromptType.AGENT_SYSTEM: word("Agents · system"),
    PromptType.AGENT_TOOLS: word("Agents · tools"),
}
_ORDER = tuple(TYPE_WORDS)


def type_word(prompt_type: PromptType) -> str:
    """Return what a type is called."""
    return tr(TYPE_WORDS[prompt_type])


def prompt_entries(
    prompts: Sequence[Prompt],
    in_use: Sequence[PromptType],
    zone: str,
    hits: Sequence[Hit] | None,
) -> list[Entry]:
    """Return the list by type, the active prompt of each first; with hits only what was found."""
    found = None if hits is None else {hit.prompt_id: hit.version_no for hit in hits}
    shown = [prompt for prompt in prompts if found is None or prompt.id in found]
    shown.sort(key=lambda p: (_ORDER.index(p.prompt_type), not p.is_active, p.name.casefold()))
    return [
        Entry(
            prompt.id,
            prompt.name,
            _found(found.get(prompt.id) if found else None) or _state(prompt, zone),
            [Badge(tr("Live now"), "ok")] if prompt.is_active else [],
            type_word(prompt.prompt_type),
            tr("in use") if prompt.prompt_type in in_use else "",
        )
        for prompt in shown
    ]


def _found(version_no: int | None) -> str:
    return "" if version_no is None else tr("found in v{n}", n=version_no)


def _state(prompt: Prompt, zone: str) -> str:
    if not prompt.is_active:
        return tr("v{n} · not active", n=prompt.newest_no)
    if prompt.has_draft:
        return tr("v{n} live · v{draft} is a draft", n=prompt.version_no, draft=prompt.newest_no)
    if prompt.live_since is None:
        return tr("v{n} live", n=prompt.version_no)
    at = clock_text(prompt.live_since, zone)
    return tr("v{n} live since {at}", n=prompt.version_no, at=at)


def version_entries(head: Prompt, versions: Sequence[PromptVersion], zone: str) -> list[Entry]:
    """Return the timeline of a prompt, newest first."""
    entries: list[Entry] = []
    for version in versions:
        badges = [Badge(tr("Live now"), "ok")] if is_live(head, version) else []
        if head.has_draft and version.version_no == head.newest_no:
            badges.append(Badge(tr("Draft")))
        who = author(version.created_by)
        at = clock_text(version.created_at, zone)
        title = tr("v{n} · {message}", n=version.version_no, message=message_text(version))
        entries.append(Entry(version.version_no, title, f"{at} · {who}" if who else at, badges))
    return entries


def is_live(head: Prompt, version: PromptVersion) -> bool:
    """Whether the gateway says this version now."""
    return head.is_active and version.version_no == head.version_no


def message_text(version: PromptVersion) -> str:
    """Return what its author said of it, and whence it came back."""
    plain = f"restored from v{version.restored_from}"
    said = "" if version.restored_from is not None and version.message == plain else version.message
    if version.restored_from is None:
        return said or (tr("First version") if version.parent_no is None else tr("No message"))
    back = tr("restored from v{n}", n=version.restored_from)
    return f"{back} · {said}" if said else back


def author(created_by: str) -> str:
    """Return who saved it; the console's own operator has a word."""
    return tr("operator") if created_by == "operator" else created_by
