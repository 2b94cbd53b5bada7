// The strip of figures. Whether it is stale is decided by the browser's own clock, so a dead server shows.
export default {
  template: `<section class="nf" :aria-label="words.title" :data-stale="stale ? 'true' : null">
    <div class="nf-strip">
      <button v-for="t in tiles" :key="t.key" type="button" class="nf-tile" :title="t.title" @click="$emit('open', t.key)">
        <span class="nf-name">{{ t.name }}</span>
        <span v-if="t.pairs" class="nf-pairs">
          <span v-for="p in t.pairs" :key="p.name" class="nf-pair" :data-tone="stale ? 'none' : p.tone" :title="p.title">
            <span class="gb-glyph nf-glyph" :data-weight="stale ? 'outline' : p.weight"><svg aria-hidden="true"><use :href="'#gb-' + p.shape" /></svg></span>
            <span class="nf-key">{{ p.name }}</span><span class="nf-word">{{ p.word }}</span></span></span>
        <span v-else class="nf-line"><span class="nf-value" :data-tone="stale ? 'none' : t.tone">{{ t.value }}</span>
          <span v-if="t.change" class="nf-change">{{ t.change }}</span>
          <svg v-if="line(t)" class="nf-spark" viewBox="0 0 64 20" preserveAspectRatio="none" aria-hidden="true"><polyline :points="line(t)" /></svg></span>
        <span class="nf-note">{{ t.note }}</span></button></div>
    <div v-if="facts" class="nf-foot" role="status"><i :data-state="stale ? 'stale' : facts.way"></i><span>{{ told }}</span>
      <span v-if="facts.left" class="nf-left">{{ facts.left }}</span></div></section>`,
  props: { tiles: Array, facts: Object, words: Object },
  data() { return { now: Date.now(), got: Date.now() }; },
  computed: {
    // Two updates that did not come, and some seconds of grace.
    stale() { return Boolean(this.facts) && this.now - this.got > (this.facts.pace_s * 2 + 5) * 1000; },
    told() {
      const w = this.words;
      if (this.stale) return w.stale.replace("{at}", this.clock(this.got));
      const way = this.facts.way === "push" ? w.push : w.poll;
      return [w.as_of.replace("{at}", this.facts.as_of), way.replace("{s}", this.facts.pace_s)].join(" · ");
    },
  },
  watch: { facts() { this.got = this.now = Date.now(); } },
  mounted() { this.timer = setInterval(() => { this.now = Date.now(); }, 1000); },
  beforeUnmount() { clearInterval(this.timer); },
  methods: {
    clock(ms) { return new Date(ms).toLocaleTimeString([], { hour12: false }); },
    line(t) {
      const values = (t.spark ?? []).filter((v) => v !== null);
      if (values.length < 2 || !values.some((v) => v > 0)) return "";
      const top = Math.max(...values, 1e-9), step = 62 / (t.spark.length - 1);
      return t.spark.map((v, i) => v === null ? "" : `${(1 + i * step).toFixed(1)},${(18 - 16 * v / top).toFixed(1)}`).filter(Boolean).join(" ");
    },
  },
};
