// The rows of the list, newest first by number; a row's revision tells what must be drawn again.
export class RowStore {
  constructor(rows = []) {
    this.rows = rows.map((row) => ({ ...row, rev: 0, place: 0, flash: false }));
    this.byId = new Map(this.rows.map((row) => [row.id, row]));
    this.count();
  }

  get size() { return this.rows.length; }

  at(place) { return this.rows[place]; }

  find(id) { return this.byId.get(id); }

  place(id) { return this.byId.has(id) ? this.search(id) : 0; }

  openRows() { return this.rows.filter((row) => row.open); }

  slice(first, end) {
    const found = this.rows.slice(first, end);
    found.forEach((row, i) => { row.place = first + i; });
    return found;
  }

  append(rows) {
    for (const row of rows) {
      if (this.byId.has(row.id)) continue;
      const kept = { ...row, rev: 0, place: 0, flash: false };
      this.rows.push(kept);
      this.byId.set(row.id, kept);
    }
    this.count();
  }

  patch(row) {
    const known = this.byId.get(row.id);
    if (!known) return false;
    this.opens += Number(row.open) - Number(known.open);
    Object.assign(known, row, { rev: known.rev + 1 });
    return true;
  }

  insert(row, most) {
    const kept = { rev: 0, place: 0, flash: false, ...row };
    this.rows.splice(this.search(row.id), 0, kept);
    this.byId.set(row.id, kept);
    while (most && this.rows.length > most) this.byId.delete(this.rows.pop().id);
    this.count();
  }

  calm() {
    for (const row of this.rows) if (row.flash) { row.flash = false; row.rev += 1; }
  }

  count() { this.opens = this.rows.reduce((n, row) => n + Number(row.open), 0); }

  // The place at which a row of this number stands or would stand.
  search(id) {
    let low = 0, high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].id > id) low = middle + 1; else high = middle;
    }
    return low;
  }
}
