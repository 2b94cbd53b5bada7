// The sticky head: days and times over the columns, names of the statistics, columns to act on.
import { el } from "gymbro-matrix/dom.js";

export class Head {
  constructor(space, model, onSort) {
    Object.assign(this, { model, onSort, nodes: new Map() });
    this.node = space.appendChild(el("div", "gx-head"));
    this.node.id = "gx-head";
    this.node.setAttribute("role", "row");
    this.node.setAttribute("aria-rowindex", 1);
    this.node.dataset.line = -1;
  }

  draw(lead) {
    const { model } = this;
    this.nodes.clear();
    this.node.replaceChildren();
    const corner = this.node.appendChild(el("div", "gx-label gx-corner"));
    this.sorter(corner, "worst", model.words.model, 1);
    this.strip = this.node.appendChild(el("div", "gx-strip"));
    this.strip.style.left = lead + "px";
    for (const gap of model.axis.gaps) this.gap(gap);
    for (const label of model.axis.labels) {
      const text = this.strip.appendChild(el("span", label.day ? "gx-day" : "gx-time", label.text));
      text.style.left = label.x + "px";
      text.setAttribute("aria-hidden", "true");
    }
    for (const mark of model.axis.marks) {
      const flag = this.strip.appendChild(el("span", "gx-flag", mark.flag));
      flag.style.left = mark.x + "px";
      flag.title = mark.tip;
    }
    const figures = this.node.appendChild(el("div", "gx-figures"));
    model.words.figures.forEach((figure, index) => {
      const cell = figures.appendChild(el("div", "gx-figure"));
      cell.title = figure.tip;
      this.sorter(cell, figure.sort, figure.text, model.columns.length + 2 + index);
    });
    this.from = this.to = 0;
  }

  sorter(cell, key, text, column) {
    const chosen = this.model.data.sort === key;
    cell.setAttribute("role", "columnheader");
    cell.setAttribute("aria-colindex", column);
    cell.setAttribute("aria-sort", chosen ? "descending" : "none");
    const button = cell.appendChild(el("button", "gx-sort" + (chosen ? " gx-chosen" : ""), text));
    button.type = "button";
    button.tabIndex = -1;
    button.addEventListener("click", () => this.onSort(key));
  }

  gap(gap) {
    const node = this.strip.appendChild(el("div", gap.off ? "gx-off" : "gx-gap"));
    node.style.left = gap.x + "px";
    node.style.width = gap.w + "px";
    node.title = gap.tip;
  }

  // Column heads exist for the columns in sight only.
  window(from, to) {
    if (from === this.from && to === this.to) return;
    this.from = from;
    this.to = to;
    for (const [index, node] of this.nodes) if (index < from || index >= to) { node.remove(); this.nodes.delete(index); }
    for (let index = from; index < to; index++) if (!this.nodes.has(index)) this.column(index);
  }

  column(index) {
    const column = this.model.columns[index];
    const node = this.strip.appendChild(el("div", "gx-column" + (column.live ? " gx-live" : "") + (column.no === this.model.asked ? " gx-asked" : "")));
    node.style.left = column.x + "px";
    node.style.width = column.w + "px";
    node.setAttribute("role", "columnheader");
    node.setAttribute("aria-colindex", index + 2);
    node.setAttribute("aria-label", column.full);
    node.tabIndex = -1;
    node.dataset.column = index;
    this.nodes.set(index, node);
  }

  lit(index) {
    this.litNode?.classList.remove("gx-lit");
    this.litNode = this.nodes.get(index);
    this.litNode?.classList.add("gx-lit");
  }
}
