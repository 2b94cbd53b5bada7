// Models in order: drag, buttons or Alt+arrows move them; the first one is the default.
export default {
  template: `<div class="ml"><ol class="ml-list" :aria-label="words.name">
    <li v-for="(item, i) in items" :key="item.name" class="ml-item" :class="{ 'ml-over': over === i && from !== null && from !== i, 'ml-held': from === i }" :data-tone="item.tone || null" tabindex="0"
      draggable="true" :aria-label="say(item, i)" @keydown="key($event, i)" @dragstart="start($event, i)" @dragover.prevent="over = i" @dragleave="over = null" @drop.prevent="drop(i)" @dragend="end">
      <i class="q-icon material-symbols-outlined notranslate ml-grip" aria-hidden="true">drag_indicator</i><span class="ml-no">{{ i + 1 }}</span>
      <span class="t-mono t-clip gb-grow" :title="item.name">{{ item.name }}</span>
      <span v-if="i === 0" class="gb-badge gb-badge--line">{{ words.first }}</span><span v-if="item.note" class="gb-badge" :data-tone="item.tone || null">{{ item.note }}</span>
      <button type="button" class="bt-act" tabindex="-1" :disabled="i === 0" :title="words.up" :aria-label="words.up + ' ' + item.name" @click="move(i, i - 1)"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">arrow_upward</i></button>
      <button type="button" class="bt-act" tabindex="-1" :disabled="i === items.length - 1" :title="words.down" :aria-label="words.down + ' ' + item.name" @click="move(i, i + 1)"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">arrow_downward</i></button>
      <button type="button" class="bt-act" tabindex="-1" :title="words.remove" :aria-label="words.remove + ' ' + item.name" @click="remove(i)"><i class="q-icon material-symbols-outlined notranslate" aria-hidden="true">close</i></button></li>
    <li v-if="!items.length" class="ml-none">{{ words.none }}</li></ol><div class="sr-only" role="status">{{ told }}</div></div>`,
  props: { items: Array, words: Object },
  emits: ["order"],
  data() { return { from: null, over: null, told: "" }; },
  methods: {
    say(item, i) { return [item.name, i === 0 ? this.words.first : "", item.note, this.words.place.replace("{n}", i + 1).replace("{total}", this.items.length)].filter(Boolean).join(", "); },
    names() { return this.items.map((item) => item.name); },
    move(from, to) {
      if (to < 0 || to >= this.items.length || from === to) return;
      const names = this.names(), [name] = names.splice(from, 1);
      names.splice(to, 0, name);
      this.$emit("order", names);
      this.told = name + ", " + this.words.place.replace("{n}", to + 1).replace("{total}", names.length);
      setTimeout(() => this.$el.querySelectorAll("li.ml-item")[to]?.focus(), 120);
    },
    remove(i) {
      const names = this.names();
      this.told = this.words.removed.replace("{name}", names[i]);
      names.splice(i, 1);
      this.$emit("order", names);
    },
    key(event, i) {
      if (event.isComposing || event.target !== event.currentTarget) return;
      const last = this.items.length - 1;
      const to = { ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: last }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        event.stopPropagation();
        if (event.altKey) this.move(i, to);
        else this.$el.querySelectorAll("li.ml-item")[Math.min(last, Math.max(0, to))]?.focus();
      } else if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); this.remove(i); }
    },
    start(event, i) { this.from = i; event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", this.items[i].name); },
    drop(i) { const from = this.from; this.end(); if (from !== null) this.move(from, i); },
    end() { this.from = null; this.over = null; },
  },
};
