// The command palette and the key list; ignores keys while one types or composes.
const TYPING = "input, textarea, select, [contenteditable=true], [role=combobox], [role=textbox]";
const LAYERS = ".q-dialog, .q-menu, .q-position-engine";
const ROWS = ["[role=grid] [role=row]", "table tbody tr", "[role=option]", ".lo-main", ".hd-dot", ".gx [data-column]"].map((s) => `.gb-page ${s}[tabindex="0"]`).join(",");
const FILTERS = ["input[type=search]", "[role=search] input", ".pr-side__search input"].map((s) => `.gb-page ${s}`).join(",");
const LATER_MS = 40; // one question for what is typed in one go
const GOES_MS = 1200; // so long after g a letter is a page

const inSight = (node) => node.getClientRects().length > 0;

export default {
  template: `<div><div v-if="open" class="gb-palette" @mousedown.self="hide" @keydown="key">
    <div class="gb-palette__box" :class="{ 'gb-palette__box--keys': open === 'keys' }" role="dialog" aria-modal="true" :aria-label="open === 'keys' ? words.keys : words.search">
      <template v-if="open === 'list'">
        <div class="gb-palette__input"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">search</i>
          <input ref="input" v-model="text" maxlength="120" :placeholder="words.search" :aria-label="words.search" role="combobox" aria-autocomplete="list" aria-haspopup="listbox" :aria-expanded="rows.length ? 'true' : 'false'" aria-controls="gb-palette-list"
            :aria-activedescendant="rows.length ? 'gb-palette-' + at : null" autocomplete="off" spellcheck="false" /><span class="gb-kbd" aria-hidden="true">Esc</span></div>
        <div class="sr-only" role="status">{{ told }}</div>
        <div class="gb-palette__list" id="gb-palette-list" :role="rows.length ? 'listbox' : null" :aria-label="words.list" :aria-busy="waits ? 'true' : 'false'" tabindex="-1">
          <div v-for="(group, g) in groups" :key="group.title" role="group" :aria-labelledby="'gb-palette-group-' + g">
            <div class="gb-palette__group" :id="'gb-palette-group-' + g" role="presentation">{{ group.title }}</div>
            <div v-for="entry in group.rows" :key="entry.name" class="gb-palette__item" role="option" :id="'gb-palette-' + entry.at" :aria-selected="entry.at === at ? 'true' : 'false'"
              @mousemove="at = entry.at" @click="choose(entry)"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">{{ entry.icon.slice(6) }}</i>
              <span class="t-clip" :title="entry.label">{{ entry.label }}</span>
              <span class="gb-palette__hint"><template v-if="entry.key"><span class="gb-kbd">g</span><span class="gb-kbd">{{ entry.key }}</span></template>{{ entry.hint }}</span></div>
          </div>
          <div v-if="!rows.length && !waits" class="gb-palette__none">{{ words.none }}</div>
        </div>
      </template>
      <template v-else>
        <div class="gb-palette__input"><h2 class="gb-grow c-text t-strong">{{ words.keys }}</h2><button type="button" class="gb-palette__close" :aria-label="words.close" @click="hide"><span class="gb-kbd" aria-hidden="true">Esc</span></button></div>
        <div class="gb-keys" tabindex="0" ref="keys"><section v-for="group in keys" :key="group.title"><h3>{{ group.title }}</h3>
          <dl><div v-for="row in group.rows" :key="row.label"><dt>{{ row.label }}</dt><dd><kbd v-for="k in row.keys" :key="k" class="gb-kbd">{{ k }}</kbd></dd></div></dl></section></div>
      </template>
    </div></div></div>`,
  props: { pages: Array, words: Object, keys: Array },
  data() { return { open: "", text: "", at: 0, rows: [], waits: false, wants: false }; },
  computed: {
    groups() {
      const groups = [];
      for (const [at, entry] of this.rows.entries()) {
        if (groups.at(-1)?.title !== entry.group) groups.push({ title: entry.group, rows: [] });
        groups.at(-1).rows.push({ ...entry, at });
      }
      return groups;
    },
    told() { return this.waits || !this.text.trim() ? "" : this.rows.length ? this.words.found.replace("{n}", this.rows.length) : this.words.none; },
  },
  watch: {
    text(value) {
      clearTimeout(this.timer);
      this.waits = true;
      this.timer = setTimeout(() => this.ask(value), value.trim() ? LATER_MS : 0);
    },
  },
  created() { this.no = 0; this.goes = 0; },
  mounted() { window.addEventListener("keydown", this.global, true); },
  beforeUnmount() { window.removeEventListener("keydown", this.global, true); clearTimeout(this.timer); },
  methods: {
    show(what = "list") {
      if (!this.open) this.before = document.activeElement;
      this.open = what;
      this.text = "";
      this.at = 0;
      this.wants = false;
      if (what === "list") { this.rows = this.pages; this.ask(""); }
      this.$nextTick(() => (this.$refs.input || this.$refs.keys)?.focus());
    },
    hide() {
      if (!this.open) return;
      this.open = "";
      this.wants = false;
      this.no += 1; // an answer that is under way is for nobody any more
      this.$emit("closed");
      const back = this.before?.isConnected && this.before !== document.body ? this.before : document.getElementById("page");
      this.$nextTick(() => { if (!this.open) back?.focus({ preventScroll: true }); });
    },
    ask(text) { this.waits = true; this.no += 1; this.$emit("ask", { no: this.no, text }); },
    found(no, rows, more) {
      if (no !== this.no || this.open !== "list") return;
      const name = this.at ? this.rows[this.at]?.name : ""; // what was walked to stays
      this.rows = rows;
      this.at = name ? Math.max(0, rows.findIndex((entry) => entry.name === name)) : 0;
      if (!more || rows.length) this.waits = false;
      if (this.wants && !this.waits) { this.wants = false; this.choose(this.rows[this.at]); }
    },
    choose(entry) {
      if (!entry) return;
      this.$emit("used", entry.name);
      if (entry.path) { this.hide(); this.go(entry.path); return; }
      if (entry.name === "keys") { this.show("keys"); return; }
      this.$emit("choose", entry.name);
      this.hide();
    },
    go(path) {
      if (location.pathname + location.search + location.hash === path) return;
      const [plain, mark] = path.split("#"), isHere = location.pathname === plain && !location.search;
      if (mark && isHere) { location.hash = mark; return; }
      if (isHere) { history.replaceState(history.state, "", plain); document.getElementById("page")?.scrollTo(0, 0); return; }
      emitEvent("sub_pages_navigate", path);
    },
    isTyping(event) { return event.isComposing || event.keyCode === 229 || Boolean(event.target.closest?.(TYPING)); },
    global(event) {
      if (event.isComposing || event.keyCode === 229) return;
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        if (this.open === "list") this.hide(); else this.show();
        return;
      }
      if (event.key === "Escape" && this.open) { event.preventDefault(); event.stopPropagation(); this.hide(); return; }
      if (document.documentElement.dataset.keys === "off" || this.open || this.isTyping(event)) return;
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector(LAYERS)) return;
      if (this.letter(event)) { event.preventDefault(); event.stopPropagation(); }
    },
    // Whether the key was one of the letters that work anywhere on a page.
    letter(event) {
      const key = event.key, went = Date.now() - this.goes < GOES_MS;
      this.goes = 0;
      if (went) {
        const page = this.pages.find((entry) => entry.key === key.toLowerCase());
        if (page) { this.go(page.path); return true; }
      }
      if (key === "?") { this.show("keys"); return true; }
      if (key === "g") { this.goes = Date.now(); return false; }
      if (key === "/") return this.enter(FILTERS, (field) => field.select?.());
      if (key === "j" || key === "k") return !event.target.closest?.("[role=grid], table, [role=listbox], [role=log], [role=list]") && this.enter(ROWS);
      return false;
    },
    enter(selector, then) {
      const node = [...document.querySelectorAll(selector)].find(inSight);
      node?.focus();
      if (node && then) then(node);
      return Boolean(node);
    },
    key(event) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Tab") { event.preventDefault(); return; } // nothing else here takes the focus
      if (this.open !== "list") return;
      const last = this.rows.length - 1;
      const to = { ArrowDown: this.at === last ? 0 : this.at + 1, ArrowUp: this.at ? this.at - 1 : last, PageDown: Math.min(last, this.at + 8), PageUp: Math.max(0, this.at - 8) }[event.key];
      if (to !== undefined && last >= 0) {
        event.preventDefault();
        this.at = to;
        this.$nextTick(() => document.getElementById("gb-palette-" + to)?.scrollIntoView({ block: "nearest" }));
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (this.waits) this.wants = true; else this.choose(this.rows[this.at]);
      }
    },
  },
};
