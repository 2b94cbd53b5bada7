"""A single conversation in the shapes of a run and of its one result (contract 1.5)."""

from typing import Any

from services.dialogs.types import Dialog
from services.e2e.types import GOOD


def run_of_dialog(dialog: Dialog) -> dict[str, Any]:
    """Return the summary of a run that made one call."""
    is_good, is_over = dialog.status in GOOD, not dialog.is_open
    return {
        "id": 0,
        "run_id": dialog.dialog_id,
        "execution_id": dialog.dialog_id,
        "status": str(dialog.status),
        "prompt_id": dialog.prompt_block.get("system_prompt_id") or 0,
        "endpoint_id": dialog.endpoint_id,
        "model": dialog.request.model,
        "batch_size": 1,
        "concurrency": 1,
        "stop_on_error": False,
        "success_count": int(is_good),
        "failure_count": int(is_over and not is_good),
        "completed_count": int(is_over),
        "errors": [dialog.error] if dialog.error else [],
        "target": dialog.target,
        "error": dialog.error,
        "created_at": dialog.created_at,
        "started_at": dialog.created_at,
    }
