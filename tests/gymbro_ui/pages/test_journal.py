"""What waits to be written back: in the status bar of every page, and in Settings with a way to do it."""

from functools import partial

from nicegui import ElementFilter, ui
from nicegui.testing import User
from nicegui.testing.user_simulation import user_simulation

from components.frame.status_bar import StatusBar
from components.primitives.status_dot import StatusDot
from gymbro_ui.shell import shell
from tests.support.builders import until
from tests.support.preview import build


def dots_of(user: User) -> list[str]:
    with user:
        return [str(dot.props.get("word")) for dot in ElementFilter(kind=StatusDot)]


async def test_the_status_bar_counts_what_waits_and_says_why_and_what_to_do() -> None:
    console = build()
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/audit")
        await user.should_see("待补写 1204")
        with user:
            (bar,) = ElementFilter(kind=StatusBar)
        (part,) = [e for e in bar.descendants() if str(e.props.get("href", "")).endswith("journal")]
        assert part.props["title"] == (
            "1,204 条结果等待补写：所在磁盘已满\n请在该磁盘上腾出空间，随后结果会自动补写。"
        )
        assert part.props["data-warn"] == "true"
        await console.journal.replay()
        await user.should_see("待补写 0")
        await until(lambda: part.props["data-warn"] == "false")


async def test_settings_show_the_journal_and_its_button_writes_back() -> None:
    console = build()
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/settings")
        await user.should_see("1,204 条结果等待补写：所在磁盘已满")
        await user.should_see("/data/storage/ai_runtime/journal")
        await user.should_see("its checksum does not fit")
        await user.should_see("已用 320 kB，共 4.2 MB")
        user.find(marker="replay").click()
        await until(lambda: "没有待补写" in dots_of(user))
        with user:
            texts = [e.text for e in ElementFilter(kind=ui.label)]
        assert "已补写：1,204" in texts


async def test_an_empty_journal_says_so() -> None:
    console = build(bare=True)
    async with user_simulation(partial(shell, console)) as user:
        await user.open("/settings")
        assert "没有待补写" in dots_of(user)
        await user.should_not_see("已隔离")
