// A stack of short messages; text is always text, never markup.
export default {
  template: `<div class="gb-toasts" role="status" aria-live="polite">
    <div v-for="item in items" :key="item.id" class="gb-toast" :data-tone="item.tone || null"
      @mouseenter="hold(item.id)" @mouseleave="start(item)" @focusin="hold(item.id)" @focusout="start(item)">
      <span class="gb-toast__text">{{ item.text }}</span>
      <button v-if="item.action" type="button" @click="$emit('act', item.id)">{{ item.action }}</button>
      <button type="button" class="x" :aria-label="close" @click="$emit('gone', item.id)">✕</button>
    </div></div>`,
  props: { items: Array, close: String },
  created() { this.timers = new Map(); },
  mounted() { this.items.forEach(this.start); },
  beforeUnmount() { this.timers.forEach(clearTimeout); },
  watch: { items(list) { list.forEach((item) => { if (!this.timers.has(item.id)) this.start(item); }); } },
  methods: {
    hold(id) { clearTimeout(this.timers.get(id)); },
    start(item) {
      this.hold(item.id);
      const ms = item.tone === "failed" ? 12000 : item.action ? 8000 : 4000;
      this.timers.set(item.id, setTimeout(() => { this.timers.delete(item.id); this.$emit("gone", item.id); }, ms));
    },
  },
};
