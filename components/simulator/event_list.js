// The raw events of one turn: thousands of rows, of which only those in view are drawn; data on demand.
const ROW = 24;
const SPARE = 6;
const STICK_PX = 28;
export default {
  template: `<div class="si-events">
    <div class="si-events__head t-meta"><span>#</span><span>{{ words.event }}</span><span class="si-end">{{ words.at }}</span><span class="si-end">{{ words.size }}</span></div>
    <div ref="box" class="si-events__box" tabindex="0" :role="count ? 'listbox' : 'region'" :aria-label="words.name" :aria-activedescendant="picked ? 'e' + picked : null" @scroll.passive="scrolled" @keydown="key">
      <div v-if="!count" class="si-events__none">{{ words.none }}</div>
      <div role="presentation" :style="{ height: count * ${ROW} + 'px', position: 'relative' }">
        <div v-for="row in shown" :key="row[0]" :id="'e' + row[0]" role="option" :aria-selected="row[0] === picked ? 'true' : 'false'" class="si-event" :style="{ transform: 'translateY(' + (row[0] - 1) * ${ROW} + 'px)' }" :data-kind="kind(row[1])" @click="pick(row[0])">
          <span class="si-event__no">{{ row[0] }}</span><span class="si-event__name">{{ row[1] }}</span><span class="si-end">{{ time(row[2]) }}</span><span class="si-end">{{ row[3] }} B</span></div>
      </div></div>
    <div v-if="picked" class="si-data"><div class="si-data__head t-meta"><span>#{{ picked }} {{ rows[picked - 1]?.[1] }}</span><button type="button" class="si-x" :aria-label="words.close" @click="picked = 0">×</button></div>
      <pre ref="data" class="t-mono" tabindex="0"></pre></div></div>`,
  props: { first: Object, words: Object },
  data() { return { count: 0, top: 0, high: 240, picked: 0, sticks: true }; },
  created() { this.rows = []; },
  mounted() {
    this.watcher = new ResizeObserver(() => { this.high = this.$refs.box.clientHeight; });
    this.watcher.observe(this.$refs.box);
    this.start(this.first);
  },
  beforeUnmount() { this.watcher?.disconnect(); },
  watch: { first(value, before) { if (value?.no !== before?.no) this.start(value); } },
  computed: {
    shown() {
      const from = Math.max(0, Math.floor(this.top / ROW) - SPARE);
      const to = Math.min(this.count, Math.ceil((this.top + this.high) / ROW) + SPARE);
      return this.rows.slice(from, to);
    },
  },
  methods: {
    start(first) {
      this.rows = [];
      this.count = 0;
      this.picked = 0;
      this.sticks = first?.live === true;
      if (first) this.add(first.rows);
    },
    add(rows) {
      for (const row of rows) if (row[0] === this.rows.length + 1) this.rows.push(row);
      this.count = this.rows.length;
      if (this.sticks) this.$nextTick(() => { const box = this.$refs.box; if (box) box.scrollTop = box.scrollHeight; });
    },
    put(no, text) {
      if (no !== this.picked) return;
      this.$nextTick(() => { if (this.$refs.data) this.$refs.data.textContent = text; });
    },
    pick(no) {
      this.picked = no;
      this.sticks = false;
      this.$nextTick(() => { if (this.$refs.data) this.$refs.data.textContent = "…"; });
      this.$emit("want", no);
    },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const letters = document.documentElement.dataset.keys === "off" ? {} : { j: 1, k: -1 };
      const step = { ...letters, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !this.count) return;
      event.preventDefault();
      event.stopPropagation();
      const no = Math.min(this.count, Math.max(1, this.picked + step));
      const box = this.$refs.box;
      const y = (no - 1) * ROW;
      if (y < box.scrollTop) box.scrollTop = y;
      if (y + ROW > box.scrollTop + this.high) box.scrollTop = y + ROW - this.high;
      this.pick(no);
    },
    scrolled() {
      const box = this.$refs.box;
      this.top = box.scrollTop;
      this.sticks = box.scrollHeight - box.scrollTop - box.clientHeight < STICK_PX && !this.picked;
    },
    kind(name) { return ["completed", "error", "heartbeat", "status"].includes(name) ? name : "text"; },
    time(ms) { return ms < 10000 ? ms.toFixed(0) + " ms" : (ms / 1000).toFixed(2) + " s"; },
  },
};
