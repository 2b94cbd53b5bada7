"""What asks our own gateway under something that is not active yet, built from one set of parts."""

from services.accounts.service import Accounts
from services.chat.client import ChatClient
from services.executions.service import Executions
from services.mapping.service import Mappings
from services.mapping.trial import TrialParts, Trials
from services.prompts.service import Prompts
from services.prompts.trial import PromptTrialParts, PromptTrials
from services.settings.service import Settings
from services.targets.service import Targets
from services.targets.types import SELF_ID


class TrialKit:
    """Both kinds of trials; what they need is asked for when one runs."""

    def __init__(
        self,
        settings: Settings,
        executions: Executions,
        chat: ChatClient,
        targets: Targets,
        accounts: Accounts,
    ) -> None:
        """Keep the parts."""
        self._settings = settings
        self._executions = executions
        self._chat = chat
        self._targets = targets
        self._accounts = accounts

    def of_mappings(self, mappings: Mappings, prompts: Prompts) -> Trials:
        """Return the trials of mappings, their kind registered."""

        def active_prompt() -> str:
            active = prompts.active(self._settings.app.app_output_protocol)
            return str(active.system_id) if active.system_id else ""

        parts = TrialParts(
            mappings,
            self._settings,
            self._executions,
            self._chat,
            active_prompt,
            self._own_api_base,
            self._operator_token,
        )
        return Trials(parts)

    def of_prompts(self, prompts: Prompts, mappings: Mappings) -> PromptTrials:
        """Return the trials of prompt versions, their kind registered."""
        parts = PromptTrialParts(
            prompts,
            self._settings,
            self._executions,
            self._chat,
            lambda: [model.name for model in mappings.mapped()],
            self._own_api_base,
            self._operator_token,
        )
        return PromptTrials(parts)

    def _own_api_base(self) -> str:
        return self._targets.get(SELF_ID).api_base

    def _operator_token(self) -> str:
        return self._accounts.operator_token
