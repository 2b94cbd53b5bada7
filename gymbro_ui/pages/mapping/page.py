"""Mapping page: explainer and table, drawn from memory and kept at the present state."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from nicegui import context, ui

from components.live import on_batch
from components.mapping import rows
from components.mapping.bulk import BulkBar, BulkCalls
from components.mapping.explainer import Explainer
from components.mapping.order_strip import order_strip
from components.mapping.repair import by_mapping
from components.primitives.big_table import (
    Acted,
    BigTable,
    TableCalls,
    TableShape,
    TableWords,
)
from components.primitives.button import button
from components.primitives.card import card, page_head
from components.primitives.skeleton import skeleton_rows
from components.primitives.toolbar import spacer
from components.words import tr
from gymbro_ui.pages.mapping.desk import Desk
from services.mapping.types import Scope

if TYPE_CHECKING:
    from services.console import Console

HEIGHT = "max(320px, calc(100dvh - var(--top) - var(--foot) - 200px))"
KEYS_OFFERED = 200  # any other one can be typed
LATER_S = 0.05


class MappingPage:
    """One open page."""

    def __init__(self, console: "Console") -> None:
        """Read from the address what shall be found."""
        self._console = console
        self._desk = Desk(console)
        self._picked: tuple[str, ...] = ()
        self._explainer: Explainer | None = None
        query = context.client.sub_pages_router.current_path.partition("?")[2].partition("#")[0]
        wanted = parse_qs(query, max_num_fields=20) if query.count("&") < 20 else {}
        self._find = wanted.get("q", [""])[0]
        self._only = wanted.get("show", [""])[0]
        self._key = wanted.get("key", [""])[0][:300]

    def draw(self) -> None:
        """Draw everything and follow every change."""
        desk = self._desk
        with page_head(tr("Mapping")):
            spacer()
            button(tr("Blocked models"), desk.several.show_blocked, icon="block")
            button(tr("Import"), desk.several.import_file, icon="upload")
            button(tr("Export"), desk.several.export_file, icon="download")
            button(
                tr("Add mapping"), lambda: desk.edit(None), icon="add", kind="primary", acts=True
            )
        order_strip()
        self._draw_table()
        calls = BulkCalls(
            replace=lambda: desk.several.replace(self._picked),
            switch=lambda on: desk.several.switch_many(self._picked, is_on=on),
            delete=lambda: desk.several.delete(self._picked),
            clear=self._table.unpick,
        )
        self._bar = BulkBar(calls)
        with card(tr("What would this request get, and why")) as self._card:
            skeleton_rows(6)
        self._follow()
        self._show()
        ui.timer(LATER_S, self._draw_explainer, once=True)  # the table is painted first

    def _draw_explainer(self) -> None:
        self._card.clear()
        with self._card:
            self._explainer = Explainer(self._console.mapping.trace)
        self._offer()
        if self._key:
            self._explainer.ask_for(self._key)

    def _draw_table(self) -> None:
        facets = {"all": tr("All"), "problem": tr("Problems")}
        facets |= {str(scope): rows.scope_word(scope) for scope in reversed(Scope)}
        words = TableWords(
            name=tr("Mapping"),
            search=tr("Find a key or a model"),
            none=tr("No mapping: no key gets a model, and every request is refused."),
            facets={**facets, "off": tr("Off")},
        )
        shape = TableShape(rows.columns(), rows.acts(), HEIGHT)
        calls = TableCalls(open=self._desk.edit, act=self._act, pick=self._pick)
        self._table = BigTable(shape, words, calls, find=self._find, only=self._only)
        with self._table:
            self._repair = button("", self._desk.several.repair_all, icon="build")

    # -- what changes

    def _follow(self) -> None:
        console = self._console
        on_batch(console.mapping.changed, self._mappings_changed)
        on_batch(console.prompts.changed, lambda _: self._show())
        on_batch(console.trials.changed, self._desk.hear_trials)

    def _mappings_changed(self, _batch: object) -> None:
        self._show()
        if self._desk.is_editing:
            ui.timer(0, self._desk.hear_changes, once=True)

    def _show(self) -> None:
        mapping = self._console.mapping
        problems = mapping.problems()
        routed = {row.mapping_id: row for row in mapping.mapped(include_inactive=True)}
        view = rows.MappingView(
            zone=self._console.settings.preferences.e2e_timezone,
            problems=by_mapping(problems),
            routed=routed,
            titles=self._titles(),
        )
        self._table.show(rows.mapping_rows(mapping.all(), view))
        self._repair.set_text(tr("Repair {n}", n=len({problem.model for problem in problems})))
        self._repair.set_visibility(bool(problems))
        self._desk.several.refresh()
        self._offer()

    def _offer(self) -> None:
        if self._explainer is not None:
            keys = [row.name for row in self._console.mapping.mapped()[:KEYS_OFFERED]]
            self._explainer.offer(keys, self._desk.prompts(), self._desk.active_prompt())

    def _titles(self) -> Mapping[str, str]:
        names = self._desk.prompts()
        return {
            mapping.id: f"{mapping.scope_key} · {names[mapping.scope_key]}"
            for mapping in self._console.mapping.all()
            if mapping.scope_type is Scope.PROMPT and mapping.scope_key in names
        }

    # -- what an operator does

    def begin_new(self) -> None:
        """Open the editor of a new mapping."""
        self._desk.edit(None)

    def _pick(self, ids: tuple[str, ...]) -> None:
        self._picked = ids
        self._bar.show(len(ids))

    async def _act(self, acted: Acted) -> None:
        if acted.act == "on":
            await self._desk.several.switch_many((acted.row_id,), is_on=acted.value)
            self._table.redraw(acted.row_id)  # a refused switch must fall back
        elif acted.act == "edit":
            self._desk.edit(acted.row_id)
        elif acted.act == "repair":
            self._desk.several.repair(acted.row_id)
        elif acted.act == "try":
            self._try_out(acted.row_id)
        elif acted.act == "explain":
            if self._explainer is not None:
                self._explainer.ask_for(acted.row_id)
            self._card.run_method("scrollIntoView", {"block": "start", "behavior": "smooth"})

    def _try_out(self, mapping_id: str) -> None:
        """Open the conversation with the key this mapping routes."""
        mapped = self._console.mapping.mapped()
        key = next((model.name for model in mapped if model.mapping_id == mapping_id), "")
        ui.navigate.to(f"/simulator?model={quote(key, safe='')}")
