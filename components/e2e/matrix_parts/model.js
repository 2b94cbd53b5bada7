// What the matrix shows, without any DOM: rows, columns, lines in sight, merged codes.
const EMPTY = ".", RECENT = 2000;

export class Model {
  constructor(data, words, view, compact) {
    this.words = words;
    this.view = view;
    this.compact = compact;
    this.open = new Set(); // models shown as two rows
    this.shut = new Set(); // groups folded by hand
    this.foldOpen = null; // null: as the server proposed
    this.pinned = null;
    this.recent = []; // patches that may be newer than the data on its way
    this.load(data);
  }

  load(data) {
    this.data = data;
    this.axis = data.axis;
    this.users = data.users;
    this.rank = new Map([...data.rank].map((code, place) => [code, place]));
    this.rowOf = new Map(data.rows.map((row, index) => [row.key, index]));
    this.columnOf = new Map(data.axis.columns.map((column, index) => [column.no, index]));
    this.codes = data.rows.map((row) => row.codes.map((text) => text.split("")));
    this.recent = this.recent.filter((change) => change.seq > data.seq);
    for (const { key, user, no, code } of this.recent) this.set(key, user, no, code);
    this.lay();
  }

  setView(view) { this.view = view; this.lay(); }
  setCompact(compact) { this.compact = compact; }

  get rowHeight() { return this.compact ? 20 : 28; }
  // The one user type that is shown, or -1 for both merged.
  get only() {
    if (this.users.length < 2) return 0;
    return this.view === "both" ? -1 : this.users.indexOf(this.view);
  }

  get columns() { return this.axis.columns; }

  // The lines in sight: {kind: "group" | "fold" | "row", …}; a folded one stands for its rows.
  lay() {
    const lines = [];
    let fold = null, group = null;
    for (const line of this.data.lines) {
      if (line.kind === "fold") {
        fold = { ...line, id: "fold", open: this.foldOpen ?? line.open, rows: [] };
        lines.push(fold);
        group = null;
        continue;
      }
      const hidden = line.fold && fold && !fold.open;
      if (line.kind === "group") {
        const id = "g" + (line.fold ? "1" : "0") + line.provider;
        group = { ...line, id, open: !this.shut.has(id), rows: [] };
        if (!hidden) lines.push(group);
        continue;
      }
      if (line.fold && fold) fold.rows.push(line.row);
      if (line.alone) group = null;
      group?.rows.push(line.row);
      const last = lines[lines.length - 1], edge = line.alone && last?.kind === "row" && !last.alone;
      if (!hidden && (!group || group.open)) this.layRow(lines, { ...line, edge });
    }
    this.lines = lines;
    this.lineOf = new Map(lines.map((line, index) => [line.id, index]));
  }

  layRow(lines, line) {
    const key = this.data.rows[line.row].key, id = "r" + key;
    const split = this.only < 0;
    lines.push({ ...line, id, user: this.only, split, open: split && this.open.has(key) });
    if (split && this.open.has(key))
      this.users.forEach((_, user) => lines.push({ ...line, id: id + "\n" + user, user, child: true }));
  }

  toggle(line) {
    if (line.kind === "fold") this.foldOpen = !line.open;
    else if (line.kind === "group") flip(this.shut, line.id);
    else if (line.split) flip(this.open, this.data.rows[line.row].key);
    else return false;
    this.lay();
    return true;
  }

  row(line) { return this.data.rows[line.row]; }

  // The code of a line's cell, which user it comes from, and whether the user types differ.
  cell(line, column) {
    if (line.kind !== "row") return { code: line.open ? EMPTY : this.worst(line.rows, column), user: 0, differs: false };
    const codes = this.codes[line.row];
    if (line.user >= 0) return { code: codes[line.user]?.[column] ?? EMPTY, user: line.user, differs: false };
    let code = EMPTY, user = 0, differs = false, first = null;
    codes.forEach((row, index) => {
      const one = row[column] ?? EMPTY;
      if (one === EMPTY) return;
      if (first === null) first = one;
      else if (one !== first) differs = true;
      if (this.rank.get(one) < this.rank.get(code)) { code = one; user = index; }
    });
    return { code, user, differs };
  }

  // How many models of a folded line show which code, worst first.
  counts(line, column) {
    const counts = new Map();
    for (const row of line.rows) {
      const { code } = this.cell({ kind: "row", row, user: this.only }, column);
      if (code !== EMPTY) counts.set(code, [...(counts.get(code) || []), this.data.rows[row].name]);
    }
    return [...counts].sort((a, b) => this.rank.get(a[0]) - this.rank.get(b[0]));
  }

  worst(rows, column) {
    let worst = EMPTY;
    for (const row of rows) {
      const { code } = this.cell({ kind: "row", row, user: this.only }, column);
      if (this.rank.get(code) < this.rank.get(worst)) worst = code;
    }
    return worst;
  }

  // Note a patch: it outlives data that was sent before it but arrives after it.
  note(key, user, no, code, seq) {
    this.recent.push({ key, user, no, code, seq });
    if (this.recent.length > RECENT) this.recent.shift();
    return this.set(key, user, no, code);
  }

  set(key, user, no, code) {
    const row = this.rowOf.get(key), column = this.columnOf.get(no);
    if (row === undefined || column === undefined || !this.codes[row][user]) return -1;
    this.codes[row][user][column] = code;
    return row;
  }

  look(code) { return this.words.looks[code] || this.words.looks[EMPTY]; }
  word(code) { return this.look(code).word; }
  userWord(user) { return this.words.users[this.users[user]]; }

  // One sentence for a screen reader.
  label(line, column) {
    if (line.kind !== "row") {
      const counts = this.counts(line, column).map(([code, names]) => names.length + " " + this.word(code));
      return [line.text, this.columns[column].full, ...counts].join(", ");
    }
    const { code, user, differs } = this.cell(line, column);
    const parts = [this.row(line).name, this.columns[column].full, this.word(code)];
    if (differs) parts.push(this.codes[line.row].map((row, index) => this.userWord(index) + " " + this.word(row[column])).join(", "));
    else if (line.user >= 0 && line.child) parts.splice(1, 0, this.userWord(user));
    return parts.join(", ");
  }

  target(line, column) {
    return { no: this.columns[column].no, key: this.row(line).key, user: this.users[this.cell(line, column).user] };
  }
}

function flip(set, item) { if (!set.delete(item)) set.add(item); }
