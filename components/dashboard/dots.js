// Health dots. Stale is decided here by the browser's own clock, so a dead server turns nothing green.
const LOOK_MS = 15000;

export default {
  template: `<div class="hd" role="list" :aria-label="words.title" @keydown="key">
    <div v-for="(m, i) in models" :key="m.key" class="hd-model" role="listitem" :title="m.key">
      <span class="hd-pair">
        <button v-for="(d, j) in m.dots" :key="j" type="button" class="hd-dot" :data-tone="tone(d)" :data-stale="stale(d) ? 'true' : null"
          :tabindex="i === at && j === on ? 0 : -1" :data-at="i + ':' + j" :aria-label="name(m, d)" :title="tip(d)"
          @click="open(d)" @focus="at = i; on = j">
          <span class="gb-glyph" :data-weight="stale(d) ? 'outline' : d.weight"><svg aria-hidden="true"><use :href="'#gb-' + d.shape" /></svg></span></button>
      </span>
      <span class="hd-name">{{ m.key }}</span>
      <span v-if="m.demo" class="hd-tag">{{ words.demo }}</span>
      <span v-if="m.dots.some(stale)" class="hd-tag hd-stale">{{ words.stale }}</span>
    </div></div>`,
  props: { models: Array, words: Object },
  data() { return { now: Date.now(), at: 0, on: 0 }; },
  mounted() {
    this.timer = setInterval(() => { this.now = Date.now(); }, LOOK_MS);
    this.wake = () => { this.now = Date.now(); };
    document.addEventListener("visibilitychange", this.wake);
  },
  beforeUnmount() { clearInterval(this.timer); document.removeEventListener("visibilitychange", this.wake); },
  watch: { models(list) { this.now = Date.now(); this.at = Math.min(this.at, Math.max(0, list.length - 1)); } },
  methods: {
    stale(d) { return Boolean(d.until) && this.now > d.until; },
    tone(d) { return this.stale(d) ? "none" : d.tone; },
    age(d) {
      if (!d.at) return this.words.never;
      const s = Math.max(0, Math.trunc((this.now - d.at) / 1000)), w = this.words.ages;
      const fill = (word, n) => word.replace("{n}", n);
      if (s < 60) return w.now;
      if (s < 3600) return fill(w.m, Math.trunc(s / 60));
      if (s < 86400) return fill(w.h, Math.trunc(s / 3600));
      const days = Math.trunc(s / 86400);
      return fill(days === 1 ? w.day : w.days, days);
    },
    tip(d) {
      const word = this.stale(d) ? this.words.stale + " · " + d.word : d.word;
      return [d.user + " · " + word, d.why, this.age(d)].filter(Boolean).join("\n");
    },
    name(m, d) { return [m.key, this.tip(d).replaceAll("\n", ", ")].join(", "); },
    open(d) { if (d.id) this.$emit("open", d.id); },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const wide = getComputedStyle(this.$el).gridTemplateColumns.split(" ").length;
      const letters = document.documentElement.dataset.keys === "off" ? {} : { j: 2, k: -2 };
      const step = { ...letters, ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide * 2, ArrowUp: -wide * 2 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = Math.min(this.models.length * 2 - 1, Math.max(0, this.at * 2 + this.on + step));
      this.at = Math.trunc(next / 2);
      this.on = next % 2;
      this.$nextTick(() => this.$el.querySelector('[data-at="' + this.at + ":" + this.on + '"]')?.focus());
    },
  },
};
