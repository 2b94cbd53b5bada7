// A list of things of which one is shown beside it; one element on the server.
export default {
  template: `<div class="ga-picker" role="listbox" :aria-label="name" @keydown="key">
    <div v-for="(item, i) in items" :key="item.id" class="ga-item" role="option" :data-at="i"
      :aria-selected="item.id === chosen ? 'true' : 'false'" :tabindex="i === focusable ? 0 : -1" @click="pick(item)" @focus="at = i">
      <span class="ga-item__text"><span class="ga-item__title t-clip">{{ item.title }}</span>
        <span class="ga-item__sub t-clip">{{ item.sub }}</span></span>
      <span v-if="item.look" class="gb-mark" :data-tone="item.look.tone" :title="item.look.word">
        <span class="gb-glyph" :data-tone="item.look.tone" :data-weight="item.look.weight" role="img" :aria-label="item.look.word">
          <svg aria-hidden="true"><use :href="'#gb-' + item.look.shape" /></svg></span></span></div></div>`,
  props: { items: Array, chosen: String, name: String },
  data() { return { at: -1 }; },
  computed: {
    focusable() {
      const chosen = this.items.findIndex((item) => item.id === this.chosen);
      return this.at >= 0 && this.at < this.items.length ? this.at : Math.max(0, chosen);
    },
  },
  methods: {
    pick(item) { if (item.id !== this.chosen) this.$emit("choose", item.id); },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); this.pick(this.items[this.focusable]); return; }
      const letters = document.documentElement.dataset.keys !== "off" ? { j: 1, k: -1 } : {};
      const step = { ArrowDown: 1, ArrowUp: -1, ...letters }[event.key];
      const edge = { Home: 0, End: this.items.length - 1 }[event.key];
      if (!step && edge === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = edge !== undefined ? edge : Math.min(this.items.length - 1, Math.max(0, this.focusable + step));
      this.at = next;
      this.$nextTick(() => this.$el.querySelector(`[data-at="${next}"]`)?.focus());
    },
  },
};
