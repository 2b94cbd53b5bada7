// Sets what lives outside of the page's elements: look, title, watch mark, scroll position, and says
// to screen readers which page came.
export default {
  template: `<span class="sr-only" role="status">{{ told }}</span>`,
  data() { return { told: "" }; },
  props: { look: String, caption: String, red: Number, path: String, deadline: Number, grace: Number, keys: Boolean },
  mounted() {
    this.title();
    this.letters();
    this.watch();
    this.timer = setInterval(this.watch, 1000);
    this.layers = new MutationObserver((changes) => { for (const change of changes) change.addedNodes.forEach(this.name); });
    this.layers.observe(document.body, { childList: true });
  },
  beforeUnmount() { clearInterval(this.timer); this.layers?.disconnect(); },
  watch: {
    look(value) { this.dress(value); },
    caption() { this.title(); },
    red() { this.title(); },
    keys() { this.letters(); },
    deadline() { this.watch(); },
    path() {
      const page = document.getElementById("page");
      page?.scrollTo(0, 0);
      this.told = this.caption; // a page that changes without being loaded says so
      this.$nextTick(() => { if (document.activeElement === document.body) page?.focus({ preventScroll: true }); });
    },
  },
  methods: {
    // A dialog is called by its heading; Quasar leaves it without a name.
    name(node) {
      const dialog = node.querySelector?.("[role=dialog]:not([aria-label], [aria-labelledby])"), head = dialog?.querySelector("h1, h2");
      if (!head) return;
      head.id ||= "gb-dialog-head-" + dialog.id;
      dialog.setAttribute("aria-labelledby", head.id);
    },
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
