// A table from data; every value is text, or a status look.
export default {
  template: `<div style="overflow:auto"><table class="gb-table" :class="{ 'gb-table--compact': compact }" :aria-label="name">
    <thead><tr><th v-for="c in columns" :key="c.key" scope="col" :class="{ end: c.end }" :style="c.width ? { width: c.width } : null">{{ c.title }}</th></tr></thead>
    <tbody @keydown="key">
      <tr v-for="(row, i) in rows" :key="row.id" :data-row="i" :class="{ opens }" :tabindex="opens ? (i === at ? 0 : -1) : null"
        :aria-selected="opens ? (i === at && moved ? 'true' : 'false') : null" @click="open(i)" @focus="at = i">
        <td v-for="c in columns" :key="c.key" :class="{ end: c.end, 't-mono': c.mono, wraps: c.wraps }" :title="row[c.key + '_title'] || null">
          <span v-if="c.kind === 'look' && row[c.key]" class="gb-mark" :data-tone="row[c.key].tone">
            <span class="gb-glyph" :data-weight="row[c.key].weight"><svg aria-hidden="true"><use :href="'#gb-' + row[c.key].shape" /></svg></span>
            <span class="gb-mark__word">{{ row[c.key].word }}</span></span>
          <template v-else>{{ row[c.key] }}</template></td></tr>
      <tr v-if="!rows.length"><td :colspan="columns.length" style="text-align:center;color:var(--muted)">{{ none }}</td></tr>
    </tbody></table></div>`,
  props: { columns: Array, rows: Array, name: String, none: String, opens: Boolean, compact: Boolean },
  data() { return { at: 0, moved: false }; },
  watch: { rows(list) { if (this.at >= list.length) this.at = Math.max(0, list.length - 1); } },
  methods: {
    open(i) { if (!this.opens) return; this.at = i; this.$emit("open", this.rows[i].id); },
    key(event) {
      if (!this.opens || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.key === "Enter") { event.preventDefault(); this.open(this.at); return; }
      const letters = document.documentElement.dataset.keys === "off" ? {} : { j: 1, k: -1 };
      const step = { ...letters, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      this.moved = true;
      this.at = Math.min(this.rows.length - 1, Math.max(0, this.at + step));
      this.$nextTick(() => this.$el.querySelector(`[data-row="${this.at}"]`)?.focus());
    },
  },
};
