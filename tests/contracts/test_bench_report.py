"""The page of the benchmarks: each figure beside its goal, the machine named without its name."""

import platform

from tests.benchmarks.report import Report


def test_the_page_names_the_machine_the_goals_and_what_was_missed() -> None:
    report = Report()
    report.section("gateway")
    report.add("calls a second", "1,200", goal="1.5 x peer", ok=True)
    report.add("memory a|b", "410 MB", goal="< 400 MB", ok=False)
    report.add("peer", "800")
    page = report.page("24 November 2026")
    assert "1 of 2 goals were reached" in page
    assert "**Not reached:** memory a|b." in page
    assert "| calls a second | 1,200 | 1.5 x peer | yes |" in page
    assert "| memory a\\|b | 410 MB | < 400 MB | **no** |" in page
    assert "| peer | 800 | – |  |" in page
    assert "cores" in page
    assert "Python" in page
    assert platform.node() not in page
    assert "Nothing was measured yet" in Report().page("today")
