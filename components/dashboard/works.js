// The head's answer. It turns hollow by the browser's clock once its verdicts are too old.
export default {
  template: `<div class="ov-works" :data-tone="tone" :data-stale="stale ? 'true' : null"><span class="sr-only" role="status">{{ told }}</span>
    <template v-if="facts">
      <div class="ov-works__line">
        <span class="gb-glyph ov-works__glyph" :data-weight="stale ? 'outline' : facts.weight"><svg aria-hidden="true"><use :href="'#gb-' + facts.shape" /></svg></span>
        <span class="t-figure">{{ facts.figure }}</span>
        <span class="ov-works__word">{{ facts.word }}</span>
        <span v-if="stale" class="gb-badge">{{ words.stale }}</span></div>
      <div class="t-meta c-muted">
        <span v-if="facts.at" :title="facts.at_title">{{ fill(words.judged, age(now - facts.at)) }}</span>
        <span v-if="facts.left"> · {{ facts.left }}</span></div>
      <div class="t-meta c-faint">
        <span v-if="facts.next" :title="facts.next_title">{{ fill(words.next, ahead(facts.next - now)) }}</span>
        <span v-else>{{ words.off }}</span></div>
    </template></div>`,
  props: { facts: Object, words: Object },
  data() { return { now: Date.now(), told: "" }; },
  watch: {
    facts(value) { if (value && !value.is_running) this.told = [this.words.title, value.figure, value.word].join(" "); }, // a verdict, not each step to it
  },
  computed: {
    stale() { return Boolean(this.facts?.until) && this.now > this.facts.until && !this.facts.is_running; },
    tone() { return this.stale ? "none" : this.facts?.tone ?? "none"; },
  },
  mounted() { this.timer = setInterval(() => { this.now = Date.now(); }, 5000); },
  beforeUnmount() { clearInterval(this.timer); },
  watch: { facts() { this.now = Date.now(); } },
  methods: {
    fill(text, age) { return text.replace("{age}", age); },
    age(ms) {
      const s = Math.max(0, Math.trunc(ms / 1000)), w = this.words.ages, n = (word, count) => word.replace("{n}", count);
      if (s < 60) return w.now;
      if (s < 3600) return n(w.m, Math.trunc(s / 60));
      if (s < 86400) return n(w.h, Math.trunc(s / 3600));
      const days = Math.trunc(s / 86400);
      return n(days === 1 ? w.day : w.days, days);
    },
    ahead(ms) {
      const m = Math.round(ms / 60000), w = this.words.ages;
      if (m < 1) return w.now;
      return m < 60 ? w.in_m.replace("{n}", m) : w.in_h.replace("{n}", Math.round(m / 60));
    },
  },
};
