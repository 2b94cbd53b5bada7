// What happened, in order; lines are added as they come and never twice.
const MOST = 2000;
export default {
  template: `<ol class="ex-line" :aria-label="words.name">
    <li v-if="cut" class="ex-line__cut c-faint">{{ words.cut }}</li>
    <li v-for="line in lines" :key="line.seq" class="ex-line__one" :data-tone="line.tone">
      <svg aria-hidden="true"><use :href="'#gb-' + line.shape" /></svg>
      <a v-if="line.href" class="gb-link ex-line__text" :href="line.href">{{ line.text }}</a><span v-else class="ex-line__text">{{ line.text }}</span>
      <time :title="line.at_title">{{ line.at }}</time><span class="c-faint">{{ line.passed }}</span></li>
    <li v-if="!lines.length" class="c-faint">{{ words.none }}</li></ol>`,
  props: { first: Object, words: Object },
  data() { return { lines: [], cut: false }; },
  watch: { first: { handler(value, before) { if (value && value.no !== before?.no) { this.lines = []; this.cut = value.cut; this.add(value.lines); } }, immediate: true } },
  methods: {
    add(lines) {
      const last = this.lines.length ? this.lines[this.lines.length - 1].seq : 0;
      const fresh = lines.filter((line) => line.seq > last);
      if (!fresh.length) return;
      const all = [...this.lines, ...fresh];
      if (all.length > MOST) this.cut = true;
      this.lines = all.slice(-MOST);
    },
  },
};
