// The hover card: what is known is shown at once, the rest is asked for and filled in.
import { el, mark } from "gymbro-matrix/dom.js";

const SHOW_MS = 60, ASK_MS = 120, KEEP = 400, NAMES = 4;

export class Tip {
  constructor(grid, model, ask) {
    Object.assign(this, { grid, model, ask, known: new Map(), key: "" });
    this.node = el("div", "gx-tip");
    this.node.setAttribute("role", "tooltip");
    this.node.hidden = true;
    document.body.appendChild(this.node);
  }

  remove() { this.hide(); this.node.remove(); }

  hide() {
    clearTimeout(this.showing);
    clearTimeout(this.asking);
    this.key = "";
    this.node.hidden = true;
  }

  show(anchor, line, column) {
    if (line.kind !== "row") return this.fold(anchor, line, column);
    const { code, user, differs } = this.model.cell(line, column), target = this.model.target(line, column);
    const key = target.key + "\n" + target.no + "\n" + (line.user < 0 ? "" : target.user);
    if (key === this.key) return;
    this.hide();
    if (code === ".") return;
    this.key = key;
    this.showing = setTimeout(() => this.open(anchor, line, column, { code, user, differs, target }), SHOW_MS);
    if (!this.known.has(key) && code !== "p" && code !== "r")
      this.asking = setTimeout(() => this.ask({ ...target, user: line.user < 0 ? "" : target.user }), ASK_MS);
  }

  open(anchor, line, column, { code, user, differs, target }) {
    const { model, node } = this;
    node.replaceChildren();
    const title = node.appendChild(el("div", "gx-tip-title"));
    this.dot(title, "span", code);
    title.appendChild(el("b", "", model.word(code)));
    title.appendChild(el("span", "gx-tip-name", model.row(line).name));
    node.appendChild(el("div", "gx-tip-when", model.columns[column].full));
    if (differs) for (let index = 0; index < model.users.length; index++) {
      const one = model.codes[line.row][index][column];
      this.fact(model.userWord(index), model.word(one), one);
    } else this.fact(model.words.user, line.user < 0 ? model.words.both : model.userWord(user));
    this.facts = node.appendChild(el("div", "gx-tip-facts"));
    const known = this.known.get(this.key);
    if (known) this.lines(known);
    this.place(anchor);
  }

  // A folded line: how many of its models showed what, and the names of those that were not fine.
  fold(anchor, line, column) {
    const key = line.id + "\n" + column, counts = line.open ? [] : this.model.counts(line, column);
    if (key === this.key) return;
    this.hide();
    if (!counts.length) return;
    this.key = key;
    this.showing = setTimeout(() => {
      const title = el("div", "gx-tip-title");
      title.appendChild(el("b", "", line.text + " " + line.count));
      this.node.replaceChildren(title, el("div", "gx-tip-when", this.model.columns[column].full));
      for (const [code, names] of counts) {
        const few = names.slice(0, NAMES).join(", ") + (names.length > NAMES ? " …" : "");
        this.fact(this.model.word(code) + " " + names.length, code === "o" ? "" : few, code);
      }
      this.place(anchor);
    }, SHOW_MS);
  }

  fact(name, value, code, into) {
    const row = (into || this.node).appendChild(el("div", "gx-tip-fact"));
    row.appendChild(el("span", "", name));
    const shown = row.appendChild(el("span", ""));
    if (code) this.dot(shown, "i", code);
    shown.appendChild(document.createTextNode(value));
  }

  dot(into, tag, code) {
    const node = into.appendChild(el(tag, ""));
    node.className = "gx-cell gx-dot " + mark(node, code, this.model.look(code));
  }

  lines(list) {
    this.facts.replaceChildren();
    for (const [name, value] of list) this.fact(name, value, "", this.facts);
  }

  fill(cell, list) {
    const key = cell.key + "\n" + cell.no + "\n" + cell.user;
    if (this.known.size > KEEP) this.known.clear();
    this.known.set(key, list);
    if (key === this.key && !this.node.hidden) { this.lines(list); if (this.anchor) this.place(this.anchor); }
  }

  forget(key, no) {
    for (const known of this.known.keys()) if (known.startsWith(key + "\n" + no + "\n")) this.known.delete(known);
  }

  // A launch as a whole, at its column head.
  column(anchor, index) {
    const column = this.model.columns[index], key = "c" + column.no;
    if (key === this.key) return;
    this.hide();
    this.key = key;
    this.showing = setTimeout(() => {
      this.node.replaceChildren(el("div", "gx-tip-title", column.full));
      this.node.appendChild(el("div", "gx-tip-when", this.model.words.column));
      this.place(anchor);
    }, SHOW_MS);
  }

  place(anchor) {
    this.anchor = anchor;
    const box = anchor.getBoundingClientRect(), { node } = this;
    node.hidden = false;
    const width = node.offsetWidth, height = node.offsetHeight;
    const left = Math.min(Math.max(8, box.left + box.width / 2 - width / 2), innerWidth - width - 8);
    const above = box.top - height - 6;
    node.style.left = left + "px";
    node.style.top = (above > 8 ? above : box.bottom + 6) + "px";
  }
}
