// A radio group drawn as one row.
export default {
  template: `<div class="gb-segment" role="radiogroup" :aria-label="name" @keydown="key">
    <button v-for="c in choices" :key="c.value" type="button" role="radio" :aria-checked="c.value === chosen ? 'true' : 'false'"
      :tabindex="c.value === chosen ? 0 : -1" @click="pick(c.value)">{{ c.label }}</button></div>`,
  props: { choices: Array, chosen: String, name: String },
  methods: {
    pick(value) { if (value !== this.chosen) this.$emit("choose", value); },
    key(event) {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const at = this.choices.findIndex((c) => c.value === this.chosen);
      const next = (at + step + this.choices.length) % this.choices.length;
      this.pick(this.choices[next].value);
      this.$el.querySelectorAll("button")[next].focus();
    },
  },
};
