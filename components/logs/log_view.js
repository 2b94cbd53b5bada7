// Lines of the log, newest first. While somebody reads, new lines wait; each level has room of its own.
const CAP = 300; // lines of one level that stay while following
const WAITING = 300;
const AWAY_PX = 24;
const group = (level) => (level === "ERROR" || level === "CRITICAL" ? "error" : level === "WARNING" ? "warning" : "info");
const capped = (lines, cap) => {
  const room = { error: cap, warning: cap, info: cap };
  return lines.filter((line) => room[group(line.level)]-- > 0);
};

export default {
  template: `<div class="lo" :data-compact="compact ? 'true' : null">
    <div class="lo-bar">
      <button type="button" class="lo-act lo-pause" :aria-pressed="paused ? 'true' : 'false'" @click="pause"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">{{ paused ? "play_arrow" : "pause" }}</i>{{ paused ? words.follow : words.pause }}</button>
      <span class="lo-state" role="status">{{ stateText }}</span><div class="gb-grow"></div>
      <button v-if="!compact" type="button" class="lo-act lo-copy" :disabled="!lines.length" @click="copy"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">{{ copied ? "check" : "content_copy" }}</i>{{ words.copy }}</button><slot></slot></div>
    <button v-if="came && !paused" type="button" class="ex-fresh lo-fresh" @click="back">↑ {{ fill(words.fresh, came) }}</button>
    <div ref="scroll" class="lo-body" role="log" aria-live="off" :aria-label="words.name" :style="{ maxHeight: height }" @scroll.passive="scrolled" @keydown="key">
      <div v-for="line in lines" :key="line.key" v-memo="[open.has(line.key), at === line.key, zone]" class="lo-line" :data-group="line.group">
        <div class="lo-row"><button type="button" class="lo-main" :aria-expanded="open.has(line.key) ? 'true' : 'false'" :tabindex="at === line.key ? 0 : -1" :data-key="line.key" @focus="at = line.key" @click="twist(line.key)">
          <span class="lo-time" :title="line.title">{{ line.time }}<i>{{ line.zone }}</i></span><span class="lo-level" :data-tone="line.tone"><span class="gb-glyph" :data-weight="line.weight"><svg aria-hidden="true"><use :href="'#gb-' + line.shape" /></svg></span>{{ line.level }}</span>
          <span class="lo-text"><span class="t-clip">{{ line.first }}</span><i v-if="line.more">{{ fill(words.lines, line.more) }}</i></span></button>
          <span class="lo-user t-clip" :title="words.user + ': ' + (line.user || '-')">{{ line.user || "-" }}</span>
          <button v-if="line.request" type="button" class="lo-request t-clip" tabindex="-1" :title="words.jump + ' · ' + line.request" :aria-label="words.jump + ' ' + line.request" @click="jump(line)">{{ line.request }}</button><span v-else class="lo-request c-faint">-</span>
          <span class="lo-logger t-clip" :title="line.logger">{{ line.logger }}</span></div>
        <div v-if="open.has(line.key)" class="lo-more"><dl class="lo-facts"><dt>{{ words.time }}</dt><dd>{{ line.title }}</dd><dt>{{ words.user }}</dt><dd class="t-mono">{{ line.user || "-" }}</dd>
            <dt>{{ words.request }}</dt><dd class="t-mono">{{ line.request || "-" }}</dd><dt>{{ words.logger }}</dt><dd class="t-mono">{{ line.logger }}</dd></dl>
          <pre class="lo-whole t-mono" tabindex="0" :aria-label="words.whole">{{ line.text }}</pre>
          <div class="gb-row gb-wrap"><button v-if="line.request" type="button" class="lo-act" @click="jump(line)">{{ words.jump }}</button>
            <button v-if="line.request && !compact" type="button" class="lo-act" @click="$emit('only', { request: line.request })">{{ words.same }}</button>
            <button v-if="line.user && !compact" type="button" class="lo-act" @click="$emit('only', { user: line.user })">{{ words.sameUser }}</button>
            <button v-if="!compact" type="button" class="lo-act" @click="$emit('only', { logger: line.logger })">{{ words.sameLogger }}</button></div></div></div>
      <div v-if="!lines.length" class="lo-none">{{ foot.busy ? words.loading : words.none }}</div>
      <div v-if="!compact" class="lo-foot"><span v-if="foot.text && !cut">{{ foot.text }}</span><button v-if="foot.more || cut" type="button" class="lo-act lo-older" :disabled="foot.busy" @click="$emit('older', cut ? 'cut' : '')">{{ words.older }}</button></div>
    </div></div>`,
  props: { first: Object, words: Object, foot: Object, height: String, compact: Boolean },
  emits: ["older", "reload", "jump", "only"],
  data() { return { lines: Object.freeze([]), open: new Set(), at: "", zone: "", paused: false, away: false, came: 0, missed: 0, copied: false, cut: false }; },
  created() { this.waiting = []; this.isDeep = false; this.start(this.first); },
  watch: { first(value, before) { if (value?.no !== before?.no) this.start(value); } },
  computed: {
    stateText() {
      if (this.paused) return this.fill(this.words.paused, this.came);
      if (this.missed) return this.fill(this.words.missed, this.missed);
      return this.fill(this.words.shown, this.lines.length);
    },
  },
  methods: {
    fill(text, n) { return text.replace("{n}", n.toLocaleString()); },
    start(first) {
      this.waiting = [];
      this.open = new Set();
      this.came = this.missed = 0;
      this.away = this.cut = this.isDeep = false;
      this.paused = Boolean(first?.paused);
      this.set(first ? JSON.parse(first.lines) : []);
      this.$nextTick(() => { if (this.$refs.scroll) this.$refs.scroll.scrollTop = 0; });
    },
    set(lines) {
      this.lines = Object.freeze(lines);
      if (!lines.some((line) => line.key === this.at)) this.at = lines[0]?.key || "";
    },
    held() { return this.paused || this.away || this.open.size > 0; },
    push(text) {
      const news = JSON.parse(text);
      if (this.held()) {
        this.came += news.lines.length + news.missed;
        this.missed += news.missed;
        this.waiting = capped([...news.lines, ...this.waiting], WAITING);
        return;
      }
      this.missed += news.missed;
      this.take(news.lines);
    },
    take(fresh) {
      const all = [...fresh, ...this.lines];
      const kept = all.length > CAP ? capped(all, CAP) : all;
      if (kept.length < all.length) this.cut = true;
      this.set(kept);
    },
    append(text) {
      this.isDeep = true;
      this.set([...this.lines, ...JSON.parse(text)]);
    },
    pause() {
      if (!this.paused) { this.paused = true; return; }
      this.paused = false;
      this.back();
    },
    back() {
      this.open = new Set();
      this.away = false;
      this.came = 0;
      const fresh = this.waiting;
      this.waiting = [];
      if (this.isDeep) { this.$emit("reload"); return; }
      this.take(fresh);
      this.$refs.scroll.scrollTop = 0;
    },
    scrolled() {
      this.away = this.$refs.scroll.scrollTop > AWAY_PX;
      if (!this.held() && this.came) this.back();
    },
    twist(key) {
      const open = new Set(this.open);
      if (!open.delete(key)) open.add(key);
      this.open = open;
      if (!this.held() && this.came) this.back();
    },
    jump(line) { this.$emit("jump", { request: line.request, at: line.at }); },
    copy() {
      const text = this.lines.map((line) => [line.iso, line.level, line.user || "-", line.request || "-", line.logger + ":", line.text].join(" ")).join("\n");
      navigator.clipboard.writeText(text).then(() => { this.copied = true; setTimeout(() => { this.copied = false; }, 1200); });
    },
    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !event.target.classList.contains("lo-main")) return;
      const here = this.lines.findIndex((line) => line.key === this.at);
      const letters = document.documentElement.dataset.keys === "off" ? {} : { j: here + 1, k: here - 1 };
      const step = { ...letters, ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: this.lines.length - 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = this.lines[Math.min(this.lines.length - 1, Math.max(0, step))];
      if (!next) return;
      this.at = next.key;
      this.$nextTick(() => this.$refs.scroll.querySelector('[data-key="' + next.key + '"]')?.focus());
    },
  },
};
