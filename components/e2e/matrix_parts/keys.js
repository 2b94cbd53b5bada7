// Mouse and keyboard: arrows walk in two dimensions, Enter opens, r runs again.
import { HEAD_PX } from "gymbro-matrix/body.js";

const PAGE_ROWS = 10;

export class Keys {
  constructor(grid, model, body, head, tip, emit) {
    Object.assign(this, { grid, model, body, head, tip, emit, at: { line: 0, column: -1 } });
    this.clamp();
    this.at.column = model.columns.length - 1;
    grid.addEventListener("keydown", (event) => this.press(event));
    grid.addEventListener("click", (event) => this.click(event));
    grid.addEventListener("focusin", (event) => this.follow(event));
    grid.addEventListener("focusout", () => tip.hide());
    grid.addEventListener("mousemove", (event) => this.hover(event));
    grid.addEventListener("mouseleave", () => { tip.hide(); head.lit(-1); });
  }

  clamp() {
    this.at.line = Math.max(0, Math.min(this.at.line, this.model.lines.length - 1));
    this.at.column = Math.max(-1, Math.min(this.at.column, this.model.columns.length - 1));
  }

  place(event) {
    const node = event.target.closest?.("[data-column]");
    const row = node?.closest("[data-line]");
    return row ? { line: +row.dataset.line, column: +node.dataset.column, node } : null;
  }

  hover(event) {
    const at = this.place(event);
    this.head.lit(at ? at.column : -1);
    if (at && at.line >= 0 && at.column >= 0) this.tip.show(at.node, this.model.lines[at.line], at.column);
    else if (at && at.line < 0 && at.column >= 0) this.tip.column(at.node, at.column);
    else this.tip.hide();
  }

  follow(event) {
    const at = this.place(event);
    if (!at) return;
    this.at = { line: at.line, column: at.column };
    this.body.focusable(this.at);
    if (at.line >= 0 && at.column >= 0 && event.target.matches(":focus-visible"))
      this.tip.show(at.node, this.model.lines[at.line], at.column);
  }

  click(event) {
    const at = this.place(event);
    if (!at) return;
    at.node.focus({ preventScroll: true });
    this.enter(at);
  }

  press(event) {
    if (event.isComposing || event.altKey || event.metaKey) return;
    if (event.target.matches("button")) return;
    const move = this.step(event);
    if (move) { event.preventDefault(); this.go(move); return; }
    if (event.ctrlKey) return;
    const done = this.act(event.key);
    if (done) { event.preventDefault(); event.stopPropagation(); }
  }

  step(event) {
    const { line, column } = this.at, end = this.model.columns.length - 1, bottom = this.model.lines.length - 1;
    const far = event.ctrlKey;
    if ((event.key === "j" || event.key === "k") && !far && document.documentElement.dataset.keys !== "off")
      return { line: line + (event.key === "j" ? 1 : -1), column };
    switch (event.key) {
      case "ArrowLeft": return { line, column: far ? -1 : column - 1 };
      case "ArrowRight": return { line, column: far ? end : column + 1 };
      case "ArrowUp": return { line: far ? 0 : line - 1, column };
      case "ArrowDown": return { line: far ? bottom : line + 1, column };
      case "Home": return { line: far ? 0 : line, column: far ? -1 : 0 };
      case "End": return { line: far ? bottom : line, column: end };
      case "PageUp": return { line: line - PAGE_ROWS < 0 && line > 0 ? 0 : line - PAGE_ROWS, column };
      case "PageDown": return { line: line + PAGE_ROWS, column };
      default: return null;
    }
  }

  act(key) {
    const line = this.model.lines[this.at.line];
    if (key === "Enter") return this.enter(this.at);
    if (key === " " && line) return this.toggle(line);
    if (key === "r" && document.documentElement.dataset.keys !== "off") return this.again();
    if (key === "Escape") { this.tip.hide(); this.emit("escape"); return true; }
    return false;
  }

  enter({ line, column }) {
    const shown = this.model.lines[line];
    if (line < 0) return this.again();
    if (shown.kind !== "row" || column < 0) return this.toggle(shown);
    if (this.model.cell(shown, column).code === ".") return true;
    this.tip.hide();
    this.emit("open", this.model.target(shown, column));
    return true;
  }

  toggle(line) {
    if (!this.model.toggle(line)) return true;
    this.body.clear();
    this.body.size();
    this.body.draw(this.at);
    this.focus();
    return true;
  }

  again() {
    const { line, column } = this.at, shown = this.model.lines[line];
    if (line < 0) this.emit("again", { scope: "column", no: this.model.columns[column].no, key: "", user: "" });
    else if (shown.kind !== "row") return false;
    else if (column < 0) this.emit("again", { scope: "row", no: 0, key: this.model.row(shown).key, user: this.user(shown) });
    else this.emit("again", { scope: "cell", ...this.model.target(shown, column), user: this.user(shown) });
    return true;
  }

  // A merged line stands for every user type.
  user(line) { return line.user < 0 || !this.model.users[line.user] ? "" : this.model.users[line.user]; }

  go(to) {
    const head = to.line < 0 && to.column >= 0;
    this.at = { line: head ? -1 : Math.max(0, to.line), column: to.column };
    if (!head) this.clamp();
    else this.at.column = Math.min(to.column, this.model.columns.length - 1);
    this.reveal(null);
    this.focus();
  }

  // Scroll so that the place is in sight, clear of the sticky edges.
  reveal(cell) {
    const { grid, body, model } = this;
    const line = cell ? model.lineOf.get("r" + cell.key) : this.at.line;
    const column = model.columns[cell ? model.columnOf.get(cell.no) : this.at.column];
    if (line === undefined) return;
    if (line >= 0) {
      const top = line * model.rowHeight, room = grid.clientHeight - HEAD_PX - model.rowHeight;
      if (top < grid.scrollTop) grid.scrollTop = top;
      else if (top > grid.scrollTop + room) grid.scrollTop = top - room;
    }
    if (!column) return;
    const left = body.lead + column.x - body.label, right = body.lead + column.x + column.w - (grid.clientWidth - body.stats);
    if (left < grid.scrollLeft) grid.scrollLeft = left - 24;
    else if (right > grid.scrollLeft) grid.scrollLeft = right + 24;
  }

  focus() {
    this.body.draw(this.at);
    this.head.window(this.body.from, this.body.to);
    const node = this.at.line < 0 ? this.head.nodes.get(this.at.column) : this.body.node(this.at.line, this.at.column);
    node?.focus({ preventScroll: true });
  }
}
