"""JsonUpload: one JSON file, handed over as soon as it was chosen; the same file may come again."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import UploadEventArguments

from components.words import tr


def json_upload(arrived: Callable[[bytes], Awaitable[None]], bytes_max: int) -> ui.upload:
    """Return the control; `arrived` gets the content of a file of at most so many bytes."""

    async def uploaded(event: UploadEventArguments) -> None:
        content = await event.file.read()
        upload.reset()
        await arrived(content)

    upload = ui.upload(
        on_upload=uploaded,
        auto_upload=True,
        max_files=1,
        max_file_size=bytes_max,
        label=tr("JSON file"),
    ).props('accept=".json,application/json" flat bordered')
    return upload
