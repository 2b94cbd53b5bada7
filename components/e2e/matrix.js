// The E2E matrix: one grid of models by launches. Only what is in sight exists in the DOM.
import { followTheme } from "gymbro-matrix/dom.js";
import { Body } from "gymbro-matrix/body.js";
import { Head } from "gymbro-matrix/head.js";
import { Keys } from "gymbro-matrix/keys.js";
import { Model } from "gymbro-matrix/model.js";
import { Tip } from "gymbro-matrix/tip.js";

export default {
  template: `<div class="gx" tabindex="-1"><div class="gx-space"></div></div>`,
  props: { data: Object, words: Object, view: String, compact: Boolean, seq: Number, asked: Number },
  emits: ["open", "peek", "again", "sort", "escape"],

  mounted() {
    this.unfollow = followTheme(this.words.looks);
    const space = this.$el.firstChild;
    this.model = new Model(this.data, this.words, this.view, this.compact);
    this.tip = new Tip(this.$el, this.model, (cell) => this.$emit("peek", cell));
    this.body = new Body(this.$el, space, this.model);
    this.head = new Head(space, this.model, (key) => this.$emit("sort", key));
    this.keys = new Keys(this.$el, this.model, this.body, this.head, this.tip, this.$emit.bind(this));
    this.atEnd = true;
    this.onScroll = () => {
      this.atEnd = this.$el.scrollLeft + this.$el.clientWidth >= this.$el.scrollWidth - 4;
      if (!this.frame) this.frame = requestAnimationFrame(() => this.paint());
      this.tip.hide();
    };
    this.$el.addEventListener("scroll", this.onScroll, { passive: true });
    this.watcher = new ResizeObserver(() => this.paint(true));
    this.watcher.observe(this.$el);
    this.paint(true);
    this.light(this.asked);
  },

  unmounted() {
    this.unfollow();
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
    this.tip.remove();
  },

  watch: {
    data(value) { this.model.load(value); this.reset(); },
    view(value) { this.model.setView(value); this.reset(); },
    compact(value) { this.model.setCompact(value); this.reset(); },
    asked(value) { this.light(value); },
  },

  methods: {
    reset() {
      this.tip.hide();
      this.body.clear();
      this.keys.clamp();
      this.paint(true);
    },

    // Bring the DOM in line with the scroll position; `whole` also lays the header out anew.
    paint(whole) {
      this.frame = 0;
      const el = this.$el, stay = this.atEnd;
      el.style.setProperty("--gx-row", this.model.rowHeight + "px");
      el.toggleAttribute("data-compact", this.model.compact);
      if (whole) {
        this.body.size();
        this.head.draw(this.body.lead);
        if (stay) el.scrollLeft = el.scrollWidth;
      }
      this.body.draw(this.keys.at);
      this.head.window(this.body.from, this.body.to);
      el.dataset.seq = this.seq;
    },

    // [[model key, user index, launch number, code], ...] of the running launch
    patch(changes, seq) {
      for (const [key, user, no, code] of changes) {
        const row = this.model.note(key, user, no, code, seq);
        if (row < 0) continue;
        this.tip.forget(key, no);
        this.body.refresh(row, this.model.columnOf.get(no));
      }
      this.$el.dataset.seq = seq;
    },

    // facts of one cell, asked for by `peek`
    facts(cell, lines) { this.tip.fill(cell, lines); },

    // mark the cell that the drawer shows; null takes the mark away
    pin(cell) { this.model.pinned = cell; this.body.repin(); if (cell) this.keys.reveal(cell); },

    // mark the column of a launch somebody came for
    light(no) {
      const column = this.model.columnOf.get(no);
      this.model.asked = no;
      if (column === undefined) return;
      this.keys.at.column = column;
      this.paint(true);
      this.keys.reveal(null);
    },

    focusGrid() { this.keys.focus(); },
  },
};
