"""Names: what an operator wrote stays as it is; the starter's own words are translated."""

from components.words import tr
from services.workflows.types import STARTER_NAME, STARTER_NOTE, Workflow


def workflow_name(workflow: Workflow) -> str:
    """Return the name as it is shown."""
    return tr(STARTER_NAME) if workflow.name == STARTER_NAME else workflow.name


def workflow_note(workflow: Workflow) -> str:
    """Return the note as it is shown."""
    return tr(STARTER_NOTE) if workflow.description == STARTER_NOTE else workflow.description
