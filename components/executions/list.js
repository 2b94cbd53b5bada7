// Every run as one element: rows come as data, only those in sight are drawn, changes are patches.
import { RowStore } from "gymbro-executions/store.js";

const ROW_PX = { normal: 36, compact: 28 };
const SPARE = 12; // rows drawn above and below what is in sight
const NEAR_PX = 900; // older rows are asked for when the end is that near
const FLASH_MOST = 5; // more rows at once come without a flash: repainting them all would cost more than it tells
const LOOKS_MOST = 4; // a text search goes on by itself that often without a hit
const BACK_PAGES = 20; // so many older pages are read again to get back to where one was

let left = null; // where the list stood when a run was opened from it

const here = () => location.pathname + location.search;

export default {
  template: `<div class="ex-list" :class="{ 'ex-list--compact': compact }" role="grid" :aria-label="words.name" :aria-rowcount="more ? -1 : count + 1"
    aria-multiselectable="true" :data-checks="canCheck ? 'true' : null" @keydown="key">
    <div class="ex-row ex-row--head" role="row" aria-rowindex="1">
      <span role="columnheader" class="ex-check"><input v-if="canCheck" type="checkbox" :aria-label="words.check_all" :title="words.check_all" :disabled="!opens"
        :checked="opens > 0 && checked.size === opens" :indeterminate.prop="checked.size > 0 && checked.size < opens" @change="checkAll($event.target.checked)" /></span>
      <span role="columnheader" class="ex-state">{{ words.state }}</span><span role="columnheader" class="ex-what">{{ words.what }}</span>
      <span role="columnheader" class="ex-result">{{ words.result }}</span><span role="columnheader" class="ex-by">{{ words.by }}</span>
      <span role="columnheader" class="ex-at">{{ words.at }}</span><span role="columnheader" class="ex-took">{{ words.took }}</span><span role="columnheader" class="ex-acts"><span class="sr-only">{{ words.acts }}</span></span>
    </div>
    <button v-if="fresh.size" type="button" class="ex-fresh" @click="$emit('fresh')">↑ {{ words.fresh.replace('{n}', fresh.size) }}</button>
    <div class="ex-body" ref="body" :role="count ? 'rowgroup' : null" @scroll.passive="scrolled" @mouseenter="over = true" @mouseleave="over = false">
      <div class="ex-space" :style="{ height: count * rowPx + 'px' }">
        <div v-for="row in shown" :key="row.id" v-memo="[row.rev, row.place, row.id === at, checked.has(row.id), row.open ? now : 0]" class="ex-row" role="row"
          :style="{ transform: 'translateY(' + row.place * rowPx + 'px)' }" :data-id="row.id" :data-key="row.key" :data-tone="row.tone" :data-state="row.state" :data-lit="row.running ? 'true' : null" :class="{ 'gb-flash': row.flash }"
          :tabindex="row.id === at ? 0 : -1" :aria-rowindex="row.place + 2" :aria-selected="checked.has(row.id) ? 'true' : 'false'" :title="row.part ? words.part : null"
          @focus="at = row.id" @click="clicked($event, row)">
          <span role="gridcell" class="ex-check" @click.stop><input v-if="canCheck && row.open" type="checkbox" tabindex="-1" :aria-label="words.check" :checked="checked.has(row.id)" @change="check(row)" /></span>
          <span role="gridcell" class="ex-state gb-mark"><span class="gb-glyph" :data-weight="row.weight"><svg aria-hidden="true"><use :href="'#gb-' + row.shape" /></svg></span><span class="gb-mark__word">{{ row.word }}</span></span>
          <span role="gridcell" class="ex-what"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">{{ row.icon }}</i><a class="ex-name" :href="row.to" tabindex="-1">{{ row.kind }}</a>
            <span v-if="row.subject" class="ex-subject" :title="row.subject">{{ row.subject }}</span><span v-if="row.part && words.part_short" class="ex-part">{{ words.part_short }}</span><span v-if="row.demo" class="gb-badge gb-badge--line" :title="words.demo_title">{{ words.demo }}</span></span>
          <span role="gridcell" class="ex-result"><template v-if="row.open"><span v-if="row.total" class="ex-gauge" aria-hidden="true"><i :style="{ transform: 'scaleX(' + share(row) + ')' }"></i></span><span v-if="row.total">{{ row.done }}/{{ row.total }}</span>
            <span v-if="row.note" class="c-muted t-clip">{{ row.note }}</span></template><span v-else class="t-clip" :title="row.result">{{ row.result }}</span></span>
          <span role="gridcell" class="ex-by t-clip" :title="row.by_title || row.by">{{ row.by }}</span>
          <span role="gridcell" class="ex-at"><time :title="row.at_title">{{ row.at }}</time></span>
          <span role="gridcell" class="ex-took">{{ row.running ? elapsed(row) : row.took }}</span>
          <span role="gridcell" class="ex-acts" @click.stop><button v-if="row.open" type="button" tabindex="-1" :disabled="row.stopping" :aria-label="words.cancel" :title="words.cancel_key" @click="$emit('cancel', [row.key])"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">stop_circle</i></button>
            <button v-else-if="row.again" type="button" tabindex="-1" :aria-label="words.again" :title="words.again_key" @click="$emit('again', row.key)"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">replay</i></button></span>
        </div>
      </div>
      <div v-if="!page" class="ex-wait" aria-busy="true"><span v-for="n in 8" :key="n" class="gb-skeleton"></span></div>
      <div v-else-if="!count && !more" class="gb-empty"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">inbox</i>
        <span class="gb-empty__title">{{ page.filtered ? words.no_match : words.none }}</span><span class="gb-empty__text">{{ page.filtered ? words.no_match_hint : words.none_hint }}</span>
        <button v-if="page.filtered" type="button" class="ex-look" @click="$emit('widen')">{{ words.widen }}</button></div>
      <div v-if="!compact && (more || asking)" class="ex-end" role="status"><template v-if="stopped && !asking"><span v-if="partial">{{ words.searched.replace('{n}', before) }}</span>
        <button type="button" class="ex-look" @click="lookOn">{{ partial ? words.look_on : words.retry }}</button></template><span v-else>{{ partial ? words.looking.replace('{n}', before) : words.loading }}</span></div>
    </div>
  </div>`,
  props: { page: Object, words: Object, looks: Object, compact: Boolean, checks: Boolean, most: Number },
  data() {
    return { count: 0, rev: 0, top: 0, height: 600, at: 0, checked: new Set(), fresh: new Set(), more: false, asking: false, looked: 0, partial: false, stopped: false, before: null, over: false, opens: 0, now: Date.now() };
  },
  computed: {
    canCheck() { return this.checks && !this.compact; },
    rowPx() { return this.compact ? ROW_PX.compact : ROW_PX.normal; },
    shown() {
      void this.rev;
      if (this.compact) return this.store.slice(0, this.count);
      const first = Math.max(0, Math.floor(this.top / this.rowPx) - SPARE);
      return this.store.slice(first, Math.ceil((this.top + this.height) / this.rowPx) + SPARE);
    },
  },
  watch: {
    page: { handler(value, before) { if (value && value.no !== before?.no) this.load(value); }, immediate: true },
  },
  created() { this.store = this.store || new RowStore(); },
  mounted() {
    this.timer = setInterval(this.tick, 1000);
    this.sizes = new ResizeObserver(() => { this.height = this.$refs.body.clientHeight || 600; });
    this.sizes.observe(this.$refs.body);
  },
  beforeUnmount() { clearInterval(this.timer); clearTimeout(this.calm); this.sizes.disconnect(); },
  methods: {
    // -- what the server says

    load(page) {
      if (!this.first && !this.compact && left?.address === here()) [this.back, left] = [left, null];
      this.first ||= page;
      this.store = new RowStore(this.dressed(page.rows));
      this.looked = 0;
      this.came(page, this.store.size);
      this.fresh = new Set();
      this.at = this.store.find(this.at) ? this.at : (this.store.at(0)?.id ?? 0);
      this.changed();
      if (this.$refs.body) this.$refs.body.scrollTop = 0;
      this.top = 0;
      this.$nextTick(this.settle);
    },
    append(page) {
      if (page.no !== this.page.no) return;
      const rows = this.dressed(page.rows);
      this.store.append(rows);
      this.came(page, rows.length);
      this.changed();
      this.$nextTick(this.settle);
    },
    // A search that stopped half way goes on by itself only while it has found nothing.
    came(page, found) {
      this.before = page.before;
      this.more = page.before !== null && page.before !== undefined;
      this.asking = false;
      this.partial = Boolean(page.partial);
      this.looked = found ? 0 : this.looked + 1;
      this.stopped = this.partial && (found > 0 || this.looked >= LOOKS_MOST);
    },
    failed() { this.asking = false; this.stopped = true; },
    patch(rows, leftOut) {
      const left = new Set(leftOut), told = this.dressed(rows);
      const mayFlash = !this.compact && told.length <= FLASH_MOST;
      let flash = false;
      for (const [place, row] of told.entries()) {
        if (this.store.patch(row)) continue;
        if (left.has(place) || (this.more && this.count && row.id < this.store.at(this.count - 1).id)) continue;
        if (this.isReading()) this.fresh.add(row.id);
        else { this.store.insert({ ...row, flash: mayFlash }, this.most); flash ||= mayFlash; }
      }
      if (this.fresh.size) this.fresh = new Set(this.fresh);
      this.changed();
      if (flash) this.calmDown();
    },

    dressed(text) { return JSON.parse(text).map((row) => ({ ...row, ...this.looks[row.state] })); },

    // -- what the reader does

    isReading() { return !this.compact && this.count > 0 && (this.over || this.top > 4 || this.checked.size > 0 || this.$refs.body?.contains(document.activeElement)); },
    changed() {
      this.count = this.store.size;
      this.opens = this.store.opens;
      for (const id of this.checked) if (!this.store.find(id)?.open) this.uncheck(id);
      if (!this.at && this.count) this.at = this.store.at(0).id;
      this.now = Date.now();
      this.rev += 1;
    },
    tick() { if (this.opens && document.documentElement.dataset.conn !== "away") this.now = Date.now(); },
    calmDown() {
      clearTimeout(this.calm);
      this.calm = setTimeout(() => { this.store.calm(); this.rev += 1; }, 700);
    },
    scrolled() {
      this.top = this.$refs.body.scrollTop;
      this.askOlder();
    },
    askOlder() {
      if (this.compact || !this.more || this.asking || this.stopped) return;
      const body = this.$refs.body;
      if (!body || !this.back && body.scrollHeight - body.scrollTop - body.clientHeight > NEAR_PX) return;
      this.asking = true;
      this.$emit("older", { before: this.before, no: this.page.no, count: this.count });
    },
    lookOn() { this.looked = 0; this.stopped = false; this.askOlder(); },
    settle() {
      const goesOn = this.more && !this.stopped && this.back?.count > this.count && this.back.pages-- > 0;
      if (this.back && !goesOn) this.comeBack();
      this.askOlder();
    },
    comeBack() {
      const { id, offset } = this.back, row = this.store.find(id), body = this.$refs.body;
      this.back = null;
      if (!row || !body) return;
      this.at = id;
      body.scrollTop = this.store.place(id) * this.rowPx - offset;
      this.top = body.scrollTop;
      this.$nextTick(() => this.$el.querySelector(`[data-id="${id}"]`)?.focus({ preventScroll: true }));
    },
    leave(row) {
      if (this.compact) return;
      const offset = this.store.place(row.id) * this.rowPx - this.$refs.body.scrollTop;
      left = { address: here(), id: row.id, offset, count: this.count, pages: BACK_PAGES };
    },
    clicked(event, row) {
      this.at = row.id;
      this.leave(row);
      if (event.target.closest("a") || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (!window.getSelection()?.toString()) this.open(row);
    },
    open(row) {
      if (!row) return;
      this.leave(row);
      emitEvent("sub_pages_navigate", row.to);
    },
    check(row) {
      if (!this.canCheck || !row.open) return;
      const chosen = new Set(this.checked);
      if (!chosen.delete(row.id)) chosen.add(row.id);
      this.choose(chosen);
    },
    uncheck(id) { const chosen = new Set(this.checked); chosen.delete(id); this.choose(chosen); },
    checkAll(on) { this.choose(new Set(on ? this.store.openRows().map((row) => row.id) : [])); },
    clear() { this.choose(new Set()); },
    choose(chosen) { this.checked = chosen; this.$emit("check", [...chosen].map((id) => this.store.find(id)?.key).filter(Boolean)); },
    key(event) {
      if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, textarea, select, button") && event.key !== "Escape") return;
      const letters = document.documentElement.dataset.keys !== "off";
      const place = this.store.place(this.at);
      const steps = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: this.count - 1, PageDown: place + 10, PageUp: place - 10 };
      if (letters) Object.assign(steps, { j: place + 1, k: place - 1 });
      if (event.key in steps) { event.preventDefault(); this.go(steps[event.key]); return; }
      const row = this.store.find(this.at);
      const acts = { Enter: () => this.open(row), " ": () => this.check(row), Escape: () => this.clear() };
      if (letters) Object.assign(acts, { c: () => row?.open && !row.stopping && this.$emit("cancel", this.checked.size ? this.keysChecked() : [row.key]), r: () => row && !row.open && row.again && this.$emit("again", row.key), x: () => this.check(row) });
      if (!(event.key in acts) || !row) return;
      event.preventDefault();
      acts[event.key]();
    },
    keysChecked() { return [...this.checked].map((id) => this.store.find(id).key); },
    go(place) {
      const next = Math.max(0, Math.min(this.count - 1, place));
      const row = this.store.at(next);
      if (!row) return;
      this.at = row.id;
      const body = this.$refs.body;
      if (next * this.rowPx < body.scrollTop) body.scrollTop = next * this.rowPx;
      else if ((next + 1) * this.rowPx > body.scrollTop + body.clientHeight) body.scrollTop = (next + 1) * this.rowPx - body.clientHeight;
      this.top = body.scrollTop;
      this.$nextTick(() => this.$el.querySelector(`[data-id="${row.id}"]`)?.focus({ preventScroll: true }));
    },
    share(row) { return Math.max(0, Math.min(1, row.done / row.total)); },
    elapsed(row) {
      const s = Math.max(0, Math.round((this.now - row.started) / 1000));
      const two = (n) => String(n).padStart(2, "0");
      return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    },
  },
};
