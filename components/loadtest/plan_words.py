"""Plan words: what the number of users means, and how the chosen load comes about."""

from components.words import tr


def users_word(*, is_finder: bool, is_open: bool) -> str:
    """Return the label of the number of users."""
    if is_finder:
        return tr("Users at most")
    return tr("Open or waiting at most") if is_open else tr("Users")


def way_note(*, is_finder: bool, is_open: bool) -> str:
    """Return one sentence on the load that was chosen."""
    if is_finder:
        return tr(
            "Steps up until a limit breaks, tries again, and says up to how many users all limits hold."
        )
    if is_open:
        return tr("Calls begin by the clock, whether or not the ones before were answered.")
    return tr("Each user asks again as soon as the answer is complete.")
