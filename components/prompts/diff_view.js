// Differences of two texts, word by word; long equal stretches are folded. Text nodes only.
const EDGE = 3; // lines kept beside a change
const ends = (text) => text.split(/(?<=\n)/);
export default {
  template: `<div class="pr-diff"><div v-if="same" class="pr-diff__none">{{ words.same }}</div>
    <pre v-else class="pr-diff__text" tabindex="0" role="region" :aria-label="words.name"><template v-for="(piece, i) in pieces" :key="i"><button v-if="piece.kind === 'fold'" type="button" class="pr-diff__fold" @click="opened = [...opened, piece.at]">⋯ {{ words.fold.replace("{n}", piece.lines) }}</button><ins v-else-if="piece.kind === 'added'">{{ piece.text }}</ins><del v-else-if="piece.kind === 'removed'">{{ piece.text }}</del><template v-else>{{ piece.text }}</template></template></pre></div>`,
  props: { parts: Array, words: Object },
  data() { return { opened: [] }; },
  watch: { parts() { this.opened = []; } },
  computed: {
    same() { return this.parts.every((part) => part.kind === "same"); },
    pieces() {
      const found = [];
      this.parts.forEach((part, at) => {
        if (part.kind !== "same" || this.opened.includes(at)) { found.push({ ...part, text: this.visible(part) }); return; }
        const lines = ends(part.text);
        const head = at === 0 ? 0 : EDGE + 1;
        const tail = at === this.parts.length - 1 ? 0 : EDGE + 1;
        const hidden = lines.length - head - tail;
        if (hidden < 4) { found.push(part); return; }
        if (head) found.push({ kind: "same", text: lines.slice(0, head).join("") });
        found.push({ kind: "fold", lines: hidden, at });
        if (tail) found.push({ kind: "same", text: lines.slice(-tail).join("") });
      });
      return found;
    },
  },
  methods: {
    // A change of nothing but blanks or line ends would be invisible.
    visible(part) {
      if (part.kind === "same" || part.text.trim()) return part.text;
      return part.text.replace(/ /g, "·").replace(/\t/g, "→").replace(/\r/g, "␍").replace(/\n/g, "↵\n");
    },
  },
};
