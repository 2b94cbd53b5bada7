// The newest end of what a run says, as plain text; older text leaves at the top.
const MOST = 200000; // characters kept
const STICK_PX = 24;
export default {
  template: `<div class="ex-out"><div v-if="cut" class="ex-out__cut">{{ words.cut }}</div>
    <pre ref="text" class="ex-out__text t-mono" tabindex="0" :aria-label="words.name" role="log" aria-live="off" @scroll.passive="scrolled"></pre>
    <div v-if="!size" class="ex-out__none">{{ open ? words.waiting : words.none }}</div>
    <button v-if="!sticks && size" type="button" class="ex-fresh ex-out__down" @click="down">↓ {{ words.down }}</button></div>`,
  props: { first: Object, open: Boolean, words: Object },
  data() { return { size: 0, cut: false, sticks: true }; },
  created() { this.pieces = []; },
  mounted() { this.start(this.first); },
  watch: { first(value, before) { if (value?.no !== before?.no) this.start(value); } },
  methods: {
    start(first) {
      if (!first) return;
      this.pieces = [];
      this.size = 0;
      this.cut = first.cut;
      this.$refs.text.textContent = "";
      this.sticks = true;
      this.add(first.text);
    },
    add(text) {
      if (!text) return;
      const box = this.$refs.text;
      const node = document.createTextNode(text);
      this.pieces.push(node);
      box.append(node);
      this.size += text.length;
      while (this.size > MOST && this.pieces.length > 1) {
        const old = this.pieces.shift();
        this.size -= old.length;
        old.remove();
        this.cut = true;
      }
      if (this.size > MOST) { node.deleteData(0, this.size - MOST); this.size = MOST; this.cut = true; }
      if (this.sticks) this.$nextTick(() => { box.scrollTop = box.scrollHeight; });
    },
    scrolled() {
      const box = this.$refs.text;
      this.sticks = box.scrollHeight - box.scrollTop - box.clientHeight < STICK_PX;
    },
    down() { this.sticks = true; this.$refs.text.scrollTop = this.$refs.text.scrollHeight; },
  },
};
