// The rows in sight. Rows and cells are never taken out, only used again for what comes into sight:
// taking one out of the middle makes the browser style all its siblings anew (95 ms a frame).
import { el } from "gymbro-matrix/dom.js";
import { blankRow, dress, fillRow, fitCells } from "gymbro-matrix/row.js";

const SPARE_ROWS = 4, SPARE_COLUMNS = 24, WHOLE = 128; // up to WHOLE columns exist all the time
export const HEAD_PX = 36;
const AWAY = "-200px";

export class Body {
  constructor(scroller, space, model) {
    Object.assign(this, { scroller, space, model, rows: new Map(), free: [], from: 0, to: 0, lead: 0 });
    this.under = space.appendChild(el("div", "gx-under"));
    this.over = space.appendChild(el("div", "gx-over"));
  }

  // Take the sizes of box and content; lay gaps and marks.
  size() {
    const { model, scroller } = this, style = getComputedStyle(scroller);
    this.label = parseInt(style.getPropertyValue("--gx-label")) || 200;
    this.stats = parseInt(style.getPropertyValue("--gx-stats")) || 168;
    const height = HEAD_PX + model.lines.length * model.rowHeight;
    const least = this.label + model.axis.width + this.stats;
    scroller.style.height = height + (least > scroller.clientWidth ? this.bar() : 0) + 2 + "px";
    this.width = Math.max(least, scroller.clientWidth);
    this.lead = this.width - this.stats - model.axis.width; // newest column touches the statistics
    this.space.style.width = this.width + "px";
    this.space.style.height = height + "px";
    scroller.setAttribute("role", "grid");
    scroller.setAttribute("aria-label", model.words.title);
    scroller.setAttribute("aria-rowcount", model.lines.length + 1);
    scroller.setAttribute("aria-colcount", model.columns.length + 4);
    this.strips(height - HEAD_PX);
  }

  // How much of the box a horizontal scroll bar takes here; overlay bars take nothing.
  bar() {
    const probe = this.scroller.parentNode.appendChild(el("div", "gx-probe"));
    const height = probe.offsetHeight - probe.clientHeight;
    probe.remove();
    return height;
  }

  strips(height) {
    for (const layer of [this.under, this.over]) {
      layer.style.left = this.lead + "px";
      layer.style.height = height + "px";
      layer.replaceChildren();
    }
    for (const gap of this.model.axis.gaps) {
      const node = this.under.appendChild(el("div", gap.off ? "gx-off" : "gx-gap"));
      node.style.left = gap.x + "px";
      node.style.width = gap.w + "px";
    }
    const asked = this.model.columns.find((column) => column.no === this.model.asked);
    if (asked) {
      const node = this.over.appendChild(el("div", "gx-asked"));
      node.style.left = asked.x + "px";
      node.style.width = asked.w + "px";
    }
    for (const mark of this.model.axis.marks) this.over.appendChild(el("div", "gx-mark")).style.left = mark.x + "px";
  }

  // Forget which line stands where; the next draw fills every row anew.
  clear() {
    for (const row of this.rows.values()) this.release(row);
    this.rows.clear();
  }

  release(row) {
    row.node.style.top = AWAY;
    row.node.setAttribute("aria-hidden", "true");
    this.free.push(row);
  }

  draw(at) {
    const { model, scroller } = this, h = model.rowHeight, top = scroller.scrollTop;
    const first = Math.max(0, Math.floor(top / h) - SPARE_ROWS);
    const last = Math.min(model.lines.length, Math.ceil((top + scroller.clientHeight - HEAD_PX) / h) + SPARE_ROWS);
    const wanted = new Map();
    for (let index = first; index < last; index++) wanted.set(model.lines[index].id, index);
    if (at.line >= 0 && at.line < model.lines.length) wanted.set(model.lines[at.line].id, at.line);
    for (const [id, row] of this.rows) if (!wanted.has(id)) { this.release(row); this.rows.delete(id); }
    this.range(at.column);
    for (const [id, index] of wanted) this.put(id, index);
    this.order();
    this.focusable(at);
  }

  // Rows that are used again stand anywhere in the DOM; a screen reader gets them in their order.
  order() {
    const rows = [...this.rows.values()].sort((a, b) => a.index - b.index);
    const owned = "gx-head " + rows.map((row) => row.node.id).join(" ");
    if (owned !== this.owned) this.scroller.setAttribute("aria-owns", this.owned = owned);
  }

  put(id, index) {
    const line = this.model.lines[index];
    let row = this.rows.get(id);
    if (!row) {
      row = this.free.shift() || this.born();
      this.rows.set(id, row);
      fillRow(row, line, this.model);
    }
    row.line = line;
    row.index = index;
    row.node.style.top = HEAD_PX + index * this.model.rowHeight + "px";
    row.node.style.width = this.width + "px";
    row.node.setAttribute("aria-rowindex", index + 2);
    row.node.dataset.line = index;
    row.strip.style.left = this.lead + "px";
    fitCells(row, this.model, this.from, this.to);
  }

  born() {
    const row = blankRow();
    this.space.appendChild(row.node);
    return row;
  }

  // Which columns exist: those in sight, widened to steps, and the one that has the focus.
  range(focused) {
    const { columns } = this.model, start = this.scroller.scrollLeft - this.lead;
    const left = start + this.label, right = start + this.scroller.clientWidth - this.stats;
    let from = 0, to = columns.length;
    this.from = from;
    this.to = to;
    if (to <= WHOLE) return;
    while (from < columns.length && columns[from].x + columns[from].w < left) from++;
    while (to > from && columns[to - 1].x > right) to--;
    from = Math.max(0, Math.floor(from / SPARE_COLUMNS) * SPARE_COLUMNS - SPARE_COLUMNS);
    to = Math.min(columns.length, Math.ceil(to / SPARE_COLUMNS) * SPARE_COLUMNS + SPARE_COLUMNS);
    const held = this.scroller.contains(document.activeElement) && focused >= 0;
    this.from = held ? Math.min(from, focused) : from;
    this.to = held ? Math.max(to, focused + 1) : to;
  }

  // One model's cell changed: dress every line that shows it and let it light up once.
  refresh(rowIndex, column) {
    for (const row of this.rows.values()) {
      const { line } = row, shows = line.kind === "row" ? line.row === rowIndex : !line.open && line.rows.includes(rowIndex);
      const cell = shows && row.cells[column - row.from];
      if (!cell || column < row.from || column >= row.to) continue;
      const before = cell.dataset.code;
      dress(row, column, cell, this.model);
      if (before !== cell.dataset.code) flash(cell);
    }
  }

  repin() {
    for (const row of this.rows.values())
      for (let index = row.from; index < row.to; index++) dress(row, index, row.cells[index - row.from], this.model);
  }

  node(line, column) {
    const row = this.rows.get(this.model.lines[line]?.id);
    if (!row) return null;
    return column >= row.from && column < row.to ? row.cells[column - row.from] : row.label;
  }

  // Exactly one place can be reached with Tab.
  focusable(at) {
    const entry = at.line < 0 ? null : this.node(at.line, at.column);
    if (entry === this.entry) return;
    if (this.entry) this.entry.tabIndex = -1;
    this.entry = entry;
    if (entry) entry.tabIndex = 0;
  }
}

function flash(cell) {
  cell.classList.add("gx-flash");
  setTimeout(() => cell.classList.remove("gx-flash"), 600);
}
