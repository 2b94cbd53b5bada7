// What runs and waits, in the last segment of the status bar; it opens into the dock above the bar,
// which takes its room from the page, so that it never lies over a control.
export default {
  template: `<div v-show="count || failed || ended.length" class="gb-monitor">
    <button type="button" class="gb-monitor__button" :aria-label="label" :title="words.name" :aria-expanded="open ? 'true' : 'false'" aria-controls="gb-dock" @click="toggle(!open)">
      <template v-if="count"><span class="gb-monitor__ring" :data-still="count === waiting ? 'true' : null" aria-hidden="true"></span><span class="gb-monitor__count">{{ words.count.replace('{n}', count) }}</span>
        <span v-if="share" class="c-faint gb-monitor__more">{{ share }}</span><span v-if="waiting" class="c-faint gb-monitor__more">{{ words.waiting.replace('{n}', waiting) }}</span></template>
      <span v-for="job in ended" :key="job.key" class="gb-mark gb-flash" :data-tone="job.tone"><span class="gb-glyph" :data-weight="job.weight">
        <svg aria-hidden="true"><use :href="'#gb-' + job.shape" /></svg></span><span class="gb-mark__word">{{ job.word }}</span></span>
      <span v-if="failed" class="gb-monitor__failed">{{ failed }} ✕ {{ words.unseen }}</span>
      <i class="q-icon material-symbols-outlined notranslate gb-monitor__arrow" aria-hidden="true">{{ open ? 'keyboard_arrow_down' : 'keyboard_arrow_up' }}</i>
    </button>
    <Teleport v-if="ready && open && (count || failed || ended.length)" to="#gb-dock">
      <section ref="panel" class="gb-monitor__panel" :aria-label="words.name" @keydown.esc="toggle(false)">
        <div class="gb-monitor__rows"><div v-for="job in rows" :key="job.key" class="gb-monitor__row" :data-tone="job.tone" :data-key="job.key" :data-lit="job.running ? 'true' : null">
          <span class="gb-glyph" :data-weight="job.weight" role="img" :aria-label="job.word" :title="job.word"><svg aria-hidden="true"><use :href="'#gb-' + job.shape" /></svg></span>
          <button type="button" class="gb-monitor__open t-clip" :title="job.subject ? job.kind + ' · ' + job.subject : job.kind" @click="$emit('open', job.key)">{{ job.kind }}<span v-if="job.subject" class="c-muted"> · {{ job.subject }}</span></button>
          <span class="gb-monitor__side">{{ side(job) }}</span>
          <button v-if="job.open" type="button" class="gb-monitor__cancel" :disabled="job.stopping" @click="$emit('cancel', job.key)">{{ job.stopping ? words.cancelling : words.cancel }}</button>
          <span v-else class="c-tone gb-monitor__word">{{ job.word }}</span>
          <span v-if="job.open && job.total" class="gb-monitor__bar" aria-hidden="true"><i :style="{ transform: 'scaleX(' + Math.min(1, job.done / job.total) + ')' }"></i></span>
        </div></div>
        <div class="gb-monitor__foot"><a class="gb-link" href="/executions">{{ more ? words.more.replace('{n}', more) : words.all }}</a>
          <button v-if="failed" type="button" class="gb-monitor__cancel" @click="$emit('seen')">{{ words.seen }}</button></div>
      </section>
    </Teleport></div>`,
  props: { count: Number, waiting: Number, share: String, jobs: String, looks: Object, ended: Array, failed: Number, more: Number, open: Boolean, words: Object },
  data() { return { ready: false, now: Date.now() }; },
  computed: {
    rows() { return JSON.parse(this.jobs).map((job) => ({ ...job, ...this.looks[job.state] })); },
    label() { return [this.words.name, this.count ? this.words.count.replace("{n}", this.count) : "", this.failed ? `${this.failed} ✕ ${this.words.unseen}` : ""].filter(Boolean).join(", "); },
  },
  mounted() {
    this.ready = true; // the dock is in the document only now
    this.timer = setInterval(() => { if (this.open && document.documentElement.dataset.conn !== "away") this.now = Date.now(); }, 1000);
    this.sizes = new ResizeObserver((entries) => this.dock(entries[0].target.offsetHeight));
    this.sizes.observe(document.getElementById("gb-dock"));
  },
  beforeUnmount() { clearInterval(this.timer); this.sizes?.disconnect(); },
  methods: {
    dock(height) { document.documentElement.style.setProperty("--dock", height + "px"); },
    toggle(open) { this.now = Date.now(); this.$emit("toggle", open); },
    side(job) {
      if (!job.open) return job.took;
      if (job.note && !job.running) return job.note;
      if (job.total) return `${job.done}/${job.total}`;
      return job.started ? this.elapsed(job) : "";
    },
    elapsed(job) {
      const s = Math.max(0, Math.round((this.now - job.started) / 1000));
      return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
    },
  },
};
