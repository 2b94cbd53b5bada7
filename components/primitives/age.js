// Counts an age (or a time to come) in the browser, so that it is right without a message.
export default {
  template: `<time :title="label || null">{{ text }}</time>`,
  props: { at: Number, words: Object, label: String },
  data() { return { now: Date.now() }; },
  computed: {
    text() {
      if (this.at === null || this.at === undefined) return "–";
      const s = Math.trunc((this.now - this.at) / 1000);
      const fill = (word, n) => (word || "").replace("{n}", n);
      if (s < -2) {
        if (s > -60) return fill(this.words.in_s, -s);
        if (s > -3600) return fill(this.words.in_m, Math.round(-s / 60));
        return fill(this.words.in_h, Math.round(-s / 3600));
      }
      if (s < 3) return this.words.now;
      if (s < 60) return fill(this.words.s, s);
      if (s < 3600) return fill(this.words.m, Math.trunc(s / 60));
      if (s < 86400) return fill(this.words.h, Math.trunc(s / 3600));
      const days = Math.trunc(s / 86400);
      return fill(days === 1 ? this.words.day : this.words.days, days);
    },
  },
  mounted() { this.timer = setInterval(() => { this.now = Date.now(); }, 1000); },
  beforeUnmount() { clearInterval(this.timer); },
  watch: { at() { this.now = Date.now(); } },
};
