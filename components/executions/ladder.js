// How far a cancel is: asked, forced after the grace, ended; the browser counts down to force.
export default {
  template: `<ol class="ex-ladder" :aria-label="words.name"><li v-for="step in steps" :key="step.name" :data-state="step.state"><i aria-hidden="true"></i><b>{{ step.word }}</b><span>{{ step.note }}</span></li></ol>`,
  props: { stage: String, asked: Number, grace: Number, ended: Boolean, words: Object },
  data() { return { now: Date.now() }; },
  mounted() { this.timer = setInterval(() => { if (!this.ended) this.now = Date.now(); }, 250); },
  beforeUnmount() { clearInterval(this.timer); },
  computed: {
    steps() {
      const order = { asked: 0, forced: 1, abandoned: 2 };
      const at = this.ended ? 3 : order[this.stage] ?? 0;
      const wait = Math.max(0, Math.ceil((this.asked + this.grace * 1000 - this.now) / 1000));
      const state = (n) => (at > n ? "done" : at === n ? "now" : "next");
      const forced = this.stage === "forced" || this.stage === "abandoned";
      return [
        { name: "asked", word: this.words.asked, state: state(0), note: at === 0 ? this.words.wait.replace("{n}", wait) : "" },
        { name: "forced", word: this.words.forced, state: this.ended && !forced ? "skipped" : state(1), note: "" },
        { name: "ended", word: this.stage === "abandoned" ? this.words.abandoned : this.words.ended, state: this.ended ? "done" : at === 2 ? "now" : "next", note: "" },
      ];
    },
  },
};
