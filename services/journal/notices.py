"""What an operator must know of the journal; the words do not change while the numbers grow."""

from services.foundation.messages import Message, say
from services.journal.folder import ASIDE
from services.journal.types import JournalView


def notices_of(view: JournalView) -> list[Message]:
    """Return the sentences that are true now, the worst first."""
    found: list[Message] = []
    if view.in_memory:
        text = say(
            "Neither the database nor the disk takes results: they are held in memory and lost when the"
            " console ends. Free space in {folder} ({reason})",
            folder=view.folder,
            reason=view.problem or view.reason,
        )
        found.append(text)
    elif view.problem:
        text = say(
            "Results that the database refuses cannot be kept on disk: {folder} cannot be used ({reason})",
            folder=view.folder,
            reason=view.problem,
        )
        found.append(text)
    elif view.waiting:
        text = say(
            "The database refused results ({reason}). They are kept in {folder} and written back by"
            " themselves as soon as it takes changes",
            folder=view.folder,
            reason=view.reason,
        )
        found.append(text)
    if view.put_aside:
        text = say(
            "Files of the journal could not be written back. They were put aside in {folder}, each with"
            " its reason",
            folder=f"{view.folder}/{ASIDE}",
        )
        found.append(text)
    return found
