// The command palette and the key list; ignores keys while one types or composes.
const TYPING = "input, textarea, select, [contenteditable=true], [role=combobox]";
export default {
  template: `<div><div v-if="open" class="gb-palette" @mousedown.self="hide" @keydown="key">
    <div class="gb-palette__box" role="dialog" aria-modal="true" :aria-label="open === 'keys' ? words.keys : words.search">
      <template v-if="open === 'list'">
        <div class="gb-palette__input"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">search</i>
          <input ref="input" v-model="text" :placeholder="words.search" role="combobox" aria-expanded="true" aria-controls="gb-palette-list"
            :aria-activedescendant="'gb-palette-' + at" autocomplete="off" spellcheck="false" /><span class="gb-kbd">Esc</span></div>
        <div class="gb-palette__list" id="gb-palette-list" role="listbox">
          <template v-for="(entry, i) in found" :key="entry.name">
            <div v-if="i === 0 || found[i - 1].group !== entry.group" class="gb-palette__group">{{ entry.group }}</div>
            <div class="gb-palette__item" role="option" :id="'gb-palette-' + i" :aria-selected="i === at ? 'true' : 'false'"
              @mousemove="at = i" @click="choose(entry)"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">{{ entry.icon.slice(6) }}</i>
              <span class="t-clip">{{ entry.label }}</span>
              <span class="gb-palette__hint"><template v-if="entry.key"><span class="gb-kbd">g</span><span class="gb-kbd">{{ entry.key }}</span></template>{{ entry.hint }}</span></div>
          </template>
          <div v-if="!found.length" class="gb-palette__none">{{ words.none }}</div>
        </div>
      </template>
      <template v-else>
        <div class="gb-palette__input"><span class="gb-grow c-text t-strong">{{ words.keys }}</span><span class="gb-kbd">Esc</span></div>
        <div class="gb-keys" tabindex="-1" ref="keys"><template v-for="row in keys" :key="row.label"><span>{{ row.label }}</span>
          <span><span v-for="k in row.keys" :key="k" class="gb-kbd">{{ k }}</span></span></template></div>
      </template>
    </div></div></div>`,
  props: { entries: Array, words: Object, keys: Array },
  data() { return { open: "", text: "", at: 0 }; },
  computed: {
    found() {
      const run = this.text.trim().match(/^(?:#?([1-9]\d{0,17})|(exe_[0-9a-z]{6,36}))$/);
      if (run) return [{ name: "run-by-id", group: this.words.run, label: this.words.run_of.replace("{id}", run[1] ? "#" + run[1] : run[2]), icon: "sym_o_bolt", path: "/executions/" + (run[1] || run[2]), hint: "" }];
      const parts = this.text.trim().toLowerCase().split(/\s+/).filter(Boolean);
      return this.entries.filter((e) => parts.every((p) => e.label.toLowerCase().includes(p) || e.also.includes(p) || e.group.toLowerCase().includes(p)));
    },
  },
  watch: { text() { this.at = 0; } },
  mounted() { this.goes = 0; window.addEventListener("keydown", this.global, true); },
  beforeUnmount() { window.removeEventListener("keydown", this.global, true); },
  methods: {
    show(what = "list") {
      this.before = document.activeElement;
      this.open = what;
      this.text = "";
      this.at = 0;
      this.$nextTick(() => (this.$refs.input || this.$refs.keys)?.focus());
    },
    hide() { this.open = ""; this.before?.focus?.(); },
    choose(entry) {
      if (!entry) return;
      this.hide();
      if (entry.path) this.go(entry.path);
      else this.$emit("choose", entry.name);
    },
    go(path) { if (window.location.pathname !== path) emitEvent("sub_pages_navigate", path); },
    global(event) {
      if (event.isComposing || event.keyCode === 229) return;
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        if (this.open === "list") this.hide(); else this.show();
        return;
      }
      if (document.documentElement.dataset.keys === "off") return;
      if (this.open || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING) || document.querySelector(".q-dialog")) return;
      if (event.key === "?") { event.preventDefault(); this.show("keys"); return; }
      if (event.key === "g") { this.goes = Date.now(); return; }
      if (Date.now() - this.goes < 1200) {
        const entry = this.entries.find((e) => e.key && e.key === event.key.toLowerCase());
        if (entry) { event.preventDefault(); event.stopPropagation(); this.go(entry.path); }
      }
      this.goes = 0;
    },
    key(event) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); this.hide(); return; }
      if (event.key === "Tab") { event.preventDefault(); return; }
      if (this.open !== "list") return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && this.found.length) {
        event.preventDefault();
        this.at = (this.at + step + this.found.length) % this.found.length;
        this.$nextTick(() => document.getElementById("gb-palette-" + this.at)?.scrollIntoView({ block: "nearest" }));
      } else if (event.key === "Enter") { event.preventDefault(); this.choose(this.found[this.at]); }
    },
  },
};
