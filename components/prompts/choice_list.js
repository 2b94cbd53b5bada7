// A list in groups of which one entry is shown beside it; one element on the server.
export default {
  template: `<div class="pr-list" role="listbox" :aria-label="name" @keydown="key">
    <template v-for="(item, i) in items" :key="item.id">
      <div v-if="item.group && item.group !== items[i - 1]?.group" class="pr-list__group" role="presentation">
        <span class="t-clip">{{ item.group }}</span><span v-if="item.groupNote" class="pr-list__note">{{ item.groupNote }}</span></div>
      <div class="pr-item" role="option" :data-at="i" :data-line="line ? 'true' : 'false'"
        :aria-selected="item.id === chosen ? 'true' : 'false'" :tabindex="i === focusable ? 0 : -1" @click="pick(item)" @focus="at = i">
        <span class="pr-item__text">
          <span class="pr-item__title" :class="line ? 't-two' : 't-clip'" :title="item.title">{{ item.title }}</span>
          <span class="pr-item__sub t-clip" :title="item.sub">{{ item.sub }}</span></span>
        <span class="pr-item__badges"><span v-for="badge in item.badges" :key="badge.text" class="gb-badge" :class="badge.tone ? '' : 'gb-badge--line'" :data-tone="badge.tone || null">{{ badge.text }}</span></span>
      </div></template>
    <div v-if="!items.length" class="pr-list__none">{{ none }}</div></div>`,
  props: { items: Array, chosen: String, name: String, none: String, line: Boolean },
  data() { return { at: -1 }; },
  computed: {
    focusable() {
      const chosen = this.items.findIndex((item) => item.id === this.chosen);
      return this.at >= 0 && this.at < this.items.length ? this.at : Math.max(0, chosen);
    },
  },
  methods: {
    pick(item) { if (item && item.id !== this.chosen) this.$emit("choose", item.id); },
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
