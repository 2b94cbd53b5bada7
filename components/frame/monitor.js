// What runs now; opens upward and never covers a control of the page it belongs to.
export default {
  template: `<div v-show="jobs.length || failed" class="gb-monitor" @keydown.esc="open = false">
    <button type="button" class="gb-monitor__button" :aria-label="words.name" :aria-expanded="open ? 'true' : 'false'" @click="toggle">
      <template v-if="running.length"><span class="gb-monitor__ring" aria-hidden="true"></span><span>{{ words.running.replace('{n}', running.length) }}</span>
        <span v-if="share" class="c-faint">{{ share }}</span></template>
      <span v-for="job in ended" :key="job.id" class="gb-mark gb-flash" :data-tone="job.look.tone"><span class="gb-glyph" :data-weight="job.look.weight">
        <svg aria-hidden="true"><use :href="'#gb-' + job.look.shape" /></svg></span><span class="gb-mark__word">{{ job.look.word }}<template v-if="job.note"> · {{ job.note }}</template></span></span>
      <span v-if="failed" class="gb-monitor__failed">{{ failed }} ✕ {{ words.unseen }}</span>
    </button>
    <div v-if="open" class="gb-monitor__panel" role="group" :aria-label="words.name">
      <div v-for="job in jobs" :key="job.id" class="gb-monitor__row">
        <span class="gb-glyph" :data-tone="job.look.tone" :data-weight="job.look.weight" role="img" :aria-label="job.look.word"><svg aria-hidden="true"><use :href="'#gb-' + job.look.shape" /></svg></span>
        <button type="button" class="gb-monitor__open t-clip" @click="pick(job)">{{ job.label }}</button>
        <span class="gb-monitor__side"><span>{{ job.total && job.running ? job.done + '/' + job.total : elapsed(job) }}</span>
          <button v-if="job.running" type="button" class="gb-monitor__cancel" :disabled="job.cancelling" @click="$emit('cancel', job.id)">{{ job.cancelling ? words.cancelling : words.cancel }}</button>
          <span v-else :data-tone="job.look.tone" class="c-tone">{{ job.look.word }}</span></span>
        <span v-if="job.running && job.total" class="gb-monitor__bar" aria-hidden="true"><i :style="{ width: (100 * job.done / job.total) + '%' }"></i></span>
      </div>
      <div v-if="!jobs.length" class="gb-palette__none">{{ words.none }}</div>
    </div></div>`,
  props: { jobs: Array, failed: Number, words: Object },
  data() { return { open: false, now: Date.now() }; },
  computed: {
    running() { return this.jobs.filter((job) => job.running); },
    ended() { return this.jobs.filter((job) => !job.running && job.flash); },
    share() { const one = this.running.length === 1 ? this.running[0] : null; return one && one.total ? `${one.done}/${one.total}` : ""; },
  },
  mounted() {
    this.timer = setInterval(() => { if (this.open) this.now = Date.now(); }, 1000);
    document.addEventListener("mousedown", this.outside);
  },
  beforeUnmount() { clearInterval(this.timer); document.removeEventListener("mousedown", this.outside); },
  methods: {
    toggle() { this.open = !this.open; if (!this.open && this.failed) this.$emit("seen"); this.now = Date.now(); },
    pick(job) { this.open = false; this.$emit("open", job.id); },
    outside(event) { if (this.open && !this.$el.contains(event.target)) this.open = false; },
    elapsed(job) {
      if (!job.started || !job.running) return "";
      const s = Math.max(0, Math.round((this.now - job.started) / 1000));
      return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
    },
  },
};
