// A table of thousands of rows: searched, sorted and drawn here; only what is in sight is in the DOM.
const SPARE = 5; // rows drawn above and below what is in sight
const LOOK_MS = 15000;
const CHIPS = 5;
const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export default {
  template: `<div class="bt">
    <div class="bt-bar">
      <label v-if="words.search" class="bt-search"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">search</i>
        <input ref="search" v-model="text" type="search" :placeholder="words.search" :aria-label="words.search" autocomplete="off" spellcheck="false" @keydown="searchKey" /></label>
      <div v-if="offered.length > 1" class="gb-segment" role="radiogroup" :aria-label="words.facets"><button v-for="f in offered" :key="f.key" type="button" role="radio"
        :aria-checked="f.key === facet ? 'true' : 'false'" @click="facet = f.key">{{ f.label }}<span class="c-faint">{{ counts[f.key] }}</span></button></div>
      <span class="bt-count" role="status">{{ countText }}</span><div class="gb-grow"></div><slot></slot></div>
    <div ref="scroll" class="bt-scroll" :style="{ maxHeight: height }" @scroll.passive="scrolled">
      <table class="gb-table bt-table" :role="hasKids ? 'treegrid' : 'grid'" :aria-label="name" :aria-multiselectable="selects ? 'true' : null" :aria-rowcount="flat.length + 1">
        <colgroup><col v-if="selects" style="width:40px" /><col v-for="c in cols" :key="c.key" :style="c.width ? { width: c.width } : null" /><col v-if="acts.length" :style="{ width: actsWidth }" /></colgroup>
        <thead><tr aria-rowindex="1"><th v-if="selects" scope="col"><input type="checkbox" :aria-label="words.all" :title="words.all" :checked="all" :indeterminate.prop="!all && some" @change="pickAll($event.target.checked)" /></th>
          <th v-for="c in cols" :key="c.key" scope="col" :class="{ end: c.end }" :aria-sort="c.key === sort ? (down ? 'descending' : 'ascending') : null">
            <button type="button" class="bt-sort" :data-on="c.key === sort ? (down ? 'down' : 'up') : null" @click="sortBy(c.key)">{{ c.title }}</button></th>
          <th v-if="acts.length" scope="col"><span class="sr-only">{{ words.acts }}</span></th></tr></thead>
        <tbody @keydown="key">
          <tr v-if="from" aria-hidden="true"><td class="bt-gap" :colspan="span" :style="{ height: from * px + 'px' }"></td></tr>
          <tr v-for="line in shown" :key="line.key" :data-at="line.at" :aria-rowindex="line.at + 2" :class="{ 'bt-kid': line.kid, 'bt-off': line.row.off }" :tabindex="line.at === at ? 0 : -1" :aria-level="hasKids ? (line.kid ? 2 : 1) : null"
            :aria-selected="selects && !line.kid ? (picked.has(line.row.id) ? 'true' : 'false') : null" :aria-expanded="line.row.kids && !line.kid ? (open.has(line.row.id) ? 'true' : 'false') : null"
            @focus="at = line.at" @click="click($event, line)">
            <td v-if="selects"><input v-if="!line.kid" type="checkbox" tabindex="-1" :aria-label="words.pick + ' ' + line.row[columns[0].key]" :checked="picked.has(line.row.id)" @click.stop="pick(line)" /></td>
            <template v-if="line.kid"><td :colspan="cols.length"><span class="bt-kidline"><b :title="line.kid.text">{{ line.kid.text }}</b>
              <span v-for="t in line.kid.tags" :key="t[0]" class="gb-badge" :class="{ 'gb-badge--line': !t[1] }" :data-tone="t[1] || null">{{ t[0] }}</span><span class="c-faint t-clip" :title="line.kid.note">{{ line.kid.note }}</span></span></td></template>
            <td v-for="(c, n) in line.kid ? [] : cols" :key="c.key" :class="{ end: c.end, 't-mono': c.mono }" :title="line.row[c.key + '_title'] || (c.kind === 'text' ? line.row[c.key] : null)">
              <span v-if="c.kind === 'name'" class="bt-name"><button v-if="hasKids" type="button" class="bt-twist" tabindex="-1" :aria-label="words.expand" :data-none="line.row.kids ? null : ''" @click.stop="toggle(line.row.id)"></button>
                <span class="t-clip t-strong" :title="line.row[c.key]">{{ line.row[c.key] }}</span><span v-for="t in line.row[c.key + '_tags'] || []" :key="t[0]" class="gb-badge" :class="{ 'gb-badge--line': !t[1] }" :data-tone="t[1] || null" :title="t[2] || null">{{ t[0] }}</span></span>
              <span v-else-if="c.kind === 'look'" class="gb-mark" :data-tone="line.row[c.key].tone"><span class="gb-glyph" :data-weight="line.row[c.key].weight"><svg aria-hidden="true"><use :href="'#gb-' + line.row[c.key].shape" /></svg></span>
                <span class="gb-mark__word t-clip">{{ line.row[c.key].word }}</span></span>
              <span v-else-if="c.kind === 'chips'" class="bt-chips"><span v-for="(chip, k) in line.row[c.key].slice(0, chips)" :key="k" class="bt-chip" :data-tone="chip[1] || null" :title="chip[2] || chip[0]">{{ chip[0] }}</span>
                <span v-if="line.row[c.key].length > chips" class="c-faint">+{{ line.row[c.key].length - chips }}</span></span>
              <button v-else-if="c.kind === 'switch'" type="button" role="switch" class="bt-switch" tabindex="-1" :aria-checked="line.row[c.key] ? 'true' : 'false'" :aria-label="c.title + ' ' + line.row[columns[0].key]" :title="c.title" @click.stop="act(line, c.key, !line.row[c.key])"></button>
              <template v-else-if="c.kind === 'age'">{{ age(line.row[c.key]) }}</template>
              <template v-else>{{ line.row[c.key] }}</template></td>
            <td v-if="acts.length" class="bt-acts"><button v-for="a in actsOf(line)" :key="a.key" type="button" tabindex="-1" class="bt-act" :title="a.letter ? a.name + ' (' + a.letter + ')' : a.name" :aria-label="a.name" :data-tone="a.tone || null" @click.stop="act(line, a.key)">
              <i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">{{ a.icon }}</i></button></td></tr>
          <tr v-if="to < flat.length" aria-hidden="true"><td class="bt-gap" :colspan="span" :style="{ height: (flat.length - to) * px + 'px' }"></td></tr>
          <tr v-if="!flat.length"><td :colspan="span" class="bt-none">{{ text || facet !== 'all' ? words.nothing : words.none }}</td></tr>
        </tbody></table></div></div>`,
  props: { columns: Array, packed: String, acts: Array, facets: Array, words: Object, name: String, selects: Boolean, height: String, px: Number, find: String, only: String },
  emits: ["open", "act", "pick"],
  data() {
    return { text: this.find || "", facet: this.only || "all", sort: "", down: false, open: new Set(), picked: new Set(), at: 0, top: 0, view: 600, wide: 1200, version: 0, now: Date.now(), chips: CHIPS };
  },
  created() { this.take(JSON.parse(this.packed)); },
  mounted() {
    this.timer = setInterval(() => { this.now = Date.now(); }, LOOK_MS);
    this.watcher = new ResizeObserver(() => { this.view = this.$refs.scroll.clientHeight || 600; this.wide = this.$el.clientWidth; });
    this.watcher.observe(this.$refs.scroll);
  },
  beforeUnmount() { clearInterval(this.timer); this.watcher.disconnect(); },
  watch: {
    packed(text) { this.take(JSON.parse(text)); },
    text() { this.first(); },
    facet() { this.first(); },
    only(value) { this.facet = value || "all"; },
    find(value) { this.text = value || ""; },
  },
  computed: {
    cols() { return this.columns.filter((c) => !c.from || this.wide >= c.from); },
    actsWidth() { const kids = this.acts.filter((a) => a.kid).length; return Math.max(kids - 1, this.acts.length - kids) * 28 + 18 + "px"; },
    span() { return this.cols.length + (this.selects ? 1 : 0) + (this.acts.length ? 1 : 0); },
    hasKids() { return this.version >= 0 && this.rows.some((row) => row.kids); },
    counts() {
      const found = { all: this.version >= 0 ? this.rows.length : 0 };
      for (const row of this.rows) for (const facet of row.facets || []) found[facet] = (found[facet] || 0) + 1;
      for (const facet of this.facets) found[facet.key] ||= 0;
      return found;
    },
    offered() { return this.facets.filter((f) => f.key === "all" || f.key === this.facet || this.counts[f.key]); },
    hits() {
      const parts = this.version >= 0 ? this.text.trim().toLowerCase().split(/\s+/).filter(Boolean) : [];
      const has = (text) => parts.every((part) => text.includes(part));
      const hits = [];
      for (const entry of this.index) {
        if (this.facet !== "all" && !(entry.row.facets || []).includes(this.facet)) continue;
        if (!parts.length) hits.push([entry.row, null]);
        else if (has(entry.text)) hits.push([entry.row, entry.kids.flatMap((text, n) => (has(text) ? [n] : []))]);
        else if (entry.kids.length && has(entry.whole)) {
          const kids = entry.kids.flatMap((text, n) => (has(entry.text + " " + text) ? [n] : []));
          if (kids.length) hits.push([entry.row, kids]);
        }
      }
      return hits;
    },
    flat() {
      let hits = this.hits;
      if (this.sort) {
        const key = this.sort, sign = this.down ? -1 : 1;
        const value = (row) => { const cell = row[key]; return cell?.word ?? (Array.isArray(cell) ? cell.length : cell); };
        const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : COLLATOR.compare(String(a ?? ""), String(b ?? "")));
        hits = [...hits].sort((a, b) => {
          const [x, y] = [value(a[0]), value(b[0])];
          if ((x ?? "") === "" || (y ?? "") === "") return ((x ?? "") === "") - ((y ?? "") === "");
          return sign * compare(x, y);
        });
      }
      const lines = [];
      for (const [row, some] of hits) {
        lines.push({ row, kid: null, key: row.id, at: lines.length });
        const shown = this.open.has(row.id) ? (row.kids || []).keys() : some || [];
        for (const n of shown) lines.push({ row, kid: row.kids[n], key: row.id + " / " + n, at: lines.length });
      }
      return lines;
    },
    from() { return Math.max(0, Math.min(Math.floor(this.top / this.px) - SPARE, this.flat.length - 1)); },
    to() { return Math.min(this.flat.length, this.from + Math.ceil(this.view / this.px) + 2 * SPARE); },
    shown() { return this.flat.slice(this.from, this.to); },
    all() { return this.hits.length > 0 && this.hits.every(([row]) => this.picked.has(row.id)); },
    some() { return this.picked.size > 0; },
    countText() { return this.offered.length > 1 && this.hits.length === this.counts.all ? "" : this.words.count.replace("{n}", this.hits.length).replace("{total}", this.counts.all); },
  },
  methods: {
    take(rows) {
      this.rows = rows; // kept outside of Vue's proxies: they would slow every look at a row
      this.reindex();
      const known = new Set(rows.map((row) => row.id));
      const left = new Set([...this.picked].filter((id) => known.has(id)));
      if (left.size !== this.picked.size) { this.picked = left; this.$emit("pick", [...left]); }
    },
    patch(packed) {
      const changed = new Map(JSON.parse(packed).map((row) => [row.id, row]));
      this.rows = this.rows.map((row) => changed.get(row.id) || row);
      this.reindex();
    },
    reindex() {
      const keys = this.columns.filter((c) => c.kind === "text" || c.kind === "name" || c.kind === "chips").map((c) => c.key);
      const words = (row, key) => (Array.isArray(row[key]) ? row[key].map((chip) => chip[0]).join(" ") : row[key] ?? "");
      this.index = this.rows.map((row) => {
        const text = (keys.map((key) => words(row, key)).join(" ") + " " + (row.find || "")).toLowerCase();
        const kids = (row.kids || []).map((kid) => (kid.text + " " + kid.note).toLowerCase());
        return { row, text, kids, whole: text + " " + kids.join(" ") };
      });
      this.version += 1;
    },
    first() { this.at = 0; this.top = 0; if (this.$refs.scroll) this.$refs.scroll.scrollTop = 0; },
    scrolled() { this.top = this.$refs.scroll.scrollTop; },
    sortBy(key) {
      if (this.sort !== key) { this.sort = key; this.down = false; }
      else if (!this.down) this.down = true;
      else this.sort = "";
    },
    age(at) {
      if (!at) return "–";
      const s = Math.trunc((this.now - at) / 1000), w = this.words.ages;
      if (s < 60) return w.now;
      if (s < 3600) return w.m.replace("{n}", Math.trunc(s / 60));
      if (s < 86400) return w.h.replace("{n}", Math.trunc(s / 3600));
      const days = Math.trunc(s / 86400);
      return (days === 1 ? w.day : w.days).replace("{n}", days);
    },
    actsOf(line) { return this.acts.filter((a) => Boolean(a.kid) === Boolean(line.kid) && (!a.only || (line.kid || line.row).can?.includes(a.key))); },
    act(line, name, value) { this.$emit("act", { id: line.row.id, act: name, value: value ?? null, kid: line.kid ? line.kid.text : "" }); },
    click(event, line) {
      this.at = line.at;
      if (event.target.closest("button, input, a")) return;
      if (!line.kid) this.$emit("open", line.row.id);
    },
    toggle(id) { const open = new Set(this.open); if (!open.delete(id)) open.add(id); this.open = open; },
    pick(line) { const picked = new Set(this.picked); if (!picked.delete(line.row.id)) picked.add(line.row.id); this.choose(picked); },
    pickAll(on) { this.choose(new Set(on ? this.hits.map(([row]) => row.id) : [])); },
    choose(picked) { this.picked = picked; this.$emit("pick", [...picked]); },
    clear() { this.choose(new Set()); },
    searchKey(event) {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") { event.preventDefault(); this.go(0); }
      else if (event.key === "Escape" && this.text) { event.stopPropagation(); this.text = ""; }
    },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest("input")) return;
      const line = this.flat[this.at];
      if (!line) return;
      const page = Math.max(1, Math.floor(this.view / this.px) - 2);
      const hasLetters = document.documentElement.dataset.keys !== "off";
      const letters = hasLetters ? { j: 1, k: -1 } : {};
      const step = { ...letters, ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.flat.length, End: this.flat.length }[event.key];
      if (step) { event.preventDefault(); this.go(this.at + step); return; }
      if (event.target.closest("button")) return;
      if (event.key === "Enter" && !line.kid) this.$emit("open", line.row.id);
      else if ((event.key === " " || (event.key === "x" && hasLetters)) && this.selects && !line.kid) this.pick(line);
      else if (event.key === "ArrowRight" && line.row.kids && !this.open.has(line.row.id)) this.toggle(line.row.id);
      else if (event.key === "ArrowLeft" && this.open.has(line.row.id)) { this.toggle(line.row.id); this.go(this.flat.findIndex((one) => one.row === line.row)); }
      else if (hasLetters && this.lettered(line, event.key)) this.act(line, this.lettered(line, event.key).key);
      else return;
      event.preventDefault();
    },
    lettered(line, key) { return this.actsOf(line).find((a) => a.letter && a.letter === key); },
    go(to) {
      this.at = Math.min(this.flat.length - 1, Math.max(0, to));
      const box = this.$refs.scroll, y = this.at * this.px, head = 32;
      if (y < box.scrollTop) box.scrollTop = y;
      else if (y + this.px + head > box.scrollTop + this.view) box.scrollTop = y + this.px + head - this.view;
      this.top = box.scrollTop;
      this.$nextTick(() => this.$el.querySelector('tr[data-at="' + this.at + '"]')?.focus({ preventScroll: true }));
    },
  },
};
