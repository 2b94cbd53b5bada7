// Sets what lives outside of the page's elements: look, title, watch mark, scroll position.
export default {
  template: `<span hidden></span>`,
  props: { look: String, caption: String, red: Number, path: String, deadline: Number, grace: Number, keys: Boolean },
  mounted() {
    this.title();
    this.letters();
    this.watch();
    this.timer = setInterval(this.watch, 1000);
  },
  beforeUnmount() { clearInterval(this.timer); },
  watch: {
    look(value) { this.dress(value); },
    caption() { this.title(); },
    red() { this.title(); },
    keys() { this.letters(); },
    deadline() { this.watch(); },
    path() { document.querySelector(".gb-page")?.scrollTo(0, 0); },
  },
  methods: {
    dress(value) {
      const root = document.documentElement;
      if (value === "auto") delete root.dataset.look;
      else root.dataset.look = value;
      setDark(value === "auto" ? null : value === "dark");
    },
    letters() { document.documentElement.dataset.keys = this.keys ? "on" : "off"; },
    title() { document.title = (this.red > 0 ? `(${this.red}✕) ` : "") + this.caption; },
    watch() {
      const late = this.deadline !== null && this.deadline !== undefined && Date.now() > this.deadline + this.grace;
      if (late) document.documentElement.dataset.watch = "late";
      else delete document.documentElement.dataset.watch;
    },
  },
};
