// One row of the grid: its label, its cells in normal flow, its figures.
import { el, mark } from "gymbro-matrix/dom.js";

let made = 0;

export function blankRow() {
  const node = el("div", "gx-row");
  node.id = "gx-row-" + ++made;
  node.setAttribute("role", "row");
  const label = node.appendChild(el("div", "gx-label"));
  label.setAttribute("role", "rowheader");
  label.setAttribute("aria-colindex", 1);
  label.tabIndex = -1;
  label.dataset.column = -1;
  const strip = node.appendChild(el("div", "gx-strip"));
  strip.setAttribute("role", "presentation");
  const figures = node.appendChild(el("div", "gx-figures"));
  return { node, label, strip, figures, cells: [], from: 0, to: 0, line: null };
}

// Give a row another line to show.
export function fillRow(row, line, model) {
  row.node.className = "gx-row gx-" + line.kind + (line.child ? " gx-child" : line.edge ? " gx-edge" : "");
  row.node.removeAttribute("aria-hidden");
  row.line = line;
  row.fresh = true;
  caption(row.label, line, model);
  figures(row.figures, line.kind === "row" && !line.child ? model.row(line).figures : [], model.columns.length + 2);
}

function caption(label, line, model) {
  const parts = [];
  if (line.kind !== "row" || line.split) parts.push(el("span", "gx-twist"));
  if (line.kind === "row") {
    const row = model.row(line);
    parts.push(el("span", "gx-name", line.child ? model.userWord(line.user) : row.name));
    if (line.alone && !line.child && !row.demo) parts.push(el("span", "gx-provider", row.provider));
    if (row.gone && !line.child) parts.push(el("span", "gx-demo", model.words.gone));
    if (row.demo && !line.child) parts.push(el("span", "gx-demo", model.words.demo));
  } else parts.push(el("span", "gx-name", line.text), el("span", "gx-count", String(line.count)));
  label.replaceChildren(...parts);
  if (line.kind === "row" && !line.child) label.title = model.row(line).name;
  else label.removeAttribute("title");
  if (line.kind !== "row" || line.split) label.setAttribute("aria-expanded", String(line.open));
  else label.removeAttribute("aria-expanded");
}

function figures(box, list, column) {
  box.replaceChildren(...list.map((figure, index) => {
    const cell = el("div", "gx-figure" + (figure.soft ? " gx-soft" : ""), figure.text);
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-colindex", column + index);
    cell.setAttribute("aria-label", figure.label);
    cell.title = figure.label;
    return cell;
  }));
}

// Let the row hold exactly the cells from..to. They stand in normal flow, each after the free space
// before its column: positioned cells would each be a layer to paint.
export function fitCells(row, model, from, to) {
  const bare = row.line.kind !== "row" && row.line.open;
  if (bare) to = from;
  if (!row.fresh && row.from === from && row.to === to) return;
  row.fresh = false;
  row.from = from;
  row.to = to;
  while (row.cells.length < to - from) row.cells.push(row.strip.appendChild(blankCell()));
  let end = 0;
  for (let index = 0; index < row.cells.length; index++) {
    const cell = row.cells[index], column = model.columns[from + index];
    const hidden = index >= to - from;
    if (cell.hidden !== hidden) cell.hidden = hidden;
    if (hidden) continue;
    style(cell, "marginLeft", column.x - end + INSET(column) + "px");
    style(cell, "width", column.w - 2 * INSET(column) + "px");
    end = column.x + column.w - INSET(column);
    cell.dataset.column = from + index;
    cell.setAttribute("aria-colindex", from + index + 2);
    dress(row, from + index, cell, model);
  }
}

const INSET = (column) => (column.manual ? 1 : 2);

function style(node, name, value) { if (node.style[name] !== value) node.style[name] = value; }

function blankCell() {
  const cell = el("div", "gx-cell");
  cell.setAttribute("role", "gridcell");
  cell.tabIndex = -1;
  return cell;
}

// Show the present state of one cell.
export function dress(row, index, cell, model) {
  const { line } = row, { code, differs } = model.cell(line, index), column = model.columns[index];
  const pinned = isPinned(model, line, column);
  let name = "gx-cell " + mark(cell, code, model.look(code));
  if (differs) name += " gx-differs";
  if (pinned) name += " gx-pinned";
  if (cell.className !== name) cell.className = name;
  cell.setAttribute("aria-label", model.label(line, index));
  if (pinned) cell.setAttribute("aria-selected", "true"); else cell.removeAttribute("aria-selected");
}

function isPinned(model, line, column) {
  const { pinned } = model;
  if (!pinned || line.kind !== "row" || pinned.no !== column.no || pinned.key !== model.row(line).key) return false;
  return !line.child || model.users[line.user] === pinned.user;
}
