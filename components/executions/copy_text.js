// A button that asks the server for a text and puts it on the clipboard.
export default {
  template: `<button type="button" class="q-btn q-btn-item q-btn--flat gb-btn-default ex-copy" :disabled="asks" @click="ask"><span class="q-btn__content row items-center">
    <i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">{{ done ? 'check' : 'data_object' }}</i><span aria-live="polite">{{ done ? words.done : words.copy }}</span></span></button>`,
  props: { words: Object },
  data() { return { asks: false, done: false }; },
  methods: {
    ask() { this.asks = true; this.$emit("ask"); setTimeout(() => { this.asks = false; }, 5000); },
    async put(text) {
      this.asks = false;
      try { await navigator.clipboard.writeText(text); } catch { this.$emit("refused"); return; }
      this.done = true;
      setTimeout(() => { this.done = false; }, 1500);
    },
  },
};
