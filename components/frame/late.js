// Shown by html[data-watch="late"]; the time is written in the operator's zone.
export default {
  template: `<div class="gb-banner gb-watch" data-tone="failed" role="alert"><b>{{ head }}</b><span class="gb-grow">{{ words.why }}</span>
    <a class="gb-link" href="/settings#schedule">{{ words.act }}</a></div>`,
  props: { deadline: Number, zone: String, words: Object },
  computed: {
    head() {
      if (!this.deadline) return "";
      const at = new Date(this.deadline);
      const day = { year: "numeric", month: "2-digit", day: "2-digit" };
      const show = (form) => new Intl.DateTimeFormat("sv-SE", { timeZone: this.zone, ...form }).format(at);
      const today = new Intl.DateTimeFormat("sv-SE", { timeZone: this.zone, ...day }).format(new Date());
      const clock = { hour: "2-digit", minute: "2-digit", hour12: false };
      const time = show(day) === today ? show(clock) : show({ ...day, ...clock });
      return this.words.late.replace("{time}", time);
    },
  },
};
