"""Words of single conversations: identities, prompts, modes, phases, where a turn is kept."""

from collections.abc import Mapping

from components.status.looks import CELL_LOOKS, Look, cause_word
from components.words import sentence, tr, word
from services.dialogs.types import Advice, Dialog, Identity, Phase, PromptSource, Saved
from services.e2e.types import Cause, CellStatus

IDENTITY_WORDS: Mapping[Identity, str] = {
    Identity.ANONYMOUS: word("Anonymous, new"),
    Identity.PERMANENT: word("Registered, new"),
    Identity.SAVED: word("Saved test user"),
    Identity.TOKEN: word("Pasted token"),
}
SHORT_IDENTITIES: Mapping[Identity, str] = {
    Identity.ANONYMOUS: word("Anonymous"),
    Identity.PERMANENT: word("Registered"),
    Identity.SAVED: word("Saved user"),
    Identity.TOKEN: word("Token"),
}
PROMPT_WORDS: Mapping[PromptSource, str] = {
    PromptSource.SERVER: word("As the server has it"),
    PromptSource.STORED: word("A prompt of ours"),
    PromptSource.OWN: word("Own text"),
    PromptSource.NONE: word("None"),
}
RESULT_MODES: Mapping[str, str] = {
    "raw_passthrough": word("As the model sends it"),
    "xml_plaintext": word("Repaired by the gateway"),
    "auto": word("Repaired where it can be (auto)"),
}
PROTOCOL_WORDS: Mapping[str, str] = {
    "": word("As the events show it"),
    "thinkingml_v45": "ThinkingML v4.5",
    "jsonseq_v1": "JSONSeq v1",
    "none": word("Not judged"),
}
PHASE_WORDS: Mapping[Phase, str] = {
    Phase.WAITING: word("Waits for its turn"),
    Phase.SIGNING_IN: word("Signing in"),
    Phase.SENDING: word("Sent, waiting for the first event"),
    Phase.PAUSING: word("Limited (429): waiting {n} s as the server asked"),
    Phase.STREAMING: word("The reply streams"),
    Phase.SAVING: word("Being saved"),
    Phase.DONE: word("Ended"),
}
SAVED_WORDS: Mapping[Saved, str] = {
    Saved.NOT_YET: word("Not saved yet"),
    Saved.STORED: word("Saved"),
    Saved.JOURNAL: word("Kept in the journal: the database refused it, it is written later"),
    Saved.LOST: word("Not saved: neither the database nor the journal took it"),
}


def identity_word(identity: Identity) -> str:
    """Return as whom it is sent, in the page's language."""
    return tr(IDENTITY_WORDS[identity])


def short_identity(identity: Identity) -> str:
    """Return as whom it was sent, for a narrow column."""
    return tr(SHORT_IDENTITIES[identity])


def prompt_word(source: PromptSource) -> str:
    """Return who writes the system message, in the page's language."""
    return tr(PROMPT_WORDS[source])


def phase_text(phase: Phase, pause_s: int = 0) -> str:
    """Return what a running turn is doing, in the page's language."""
    return tr(PHASE_WORDS[phase], n=pause_s)


def saved_text(saved: Saved) -> str:
    """Return where a turn is kept, in the page's language."""
    return tr(SAVED_WORDS[saved])


def look_of(dialog: Dialog) -> Look:
    """Return how a turn's verdict is shown."""
    return CELL_LOOKS.get(dialog.status, CELL_LOOKS[CellStatus.NOT_RUN])


def advice_text(advice: Advice) -> str:
    """Return whose side it is on and what happened, as one sentence."""
    what = sentence(advice.what)
    if advice.cause is Cause.NONE:
        return what
    return tr("{side}: {what}", side=cause_word(advice.cause), what=what)
