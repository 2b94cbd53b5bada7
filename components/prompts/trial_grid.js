// The answers of a trial side by side, as they grow. Text nodes only.
export default {
  template: `<div class="pr-tries" role="list"><div v-for="one in answers" :key="one.key" class="pr-try" role="listitem">
    <div class="pr-try__head"><span class="pr-try__model t-clip" :title="one.model">{{ one.model }}</span>
      <span class="gb-badge gb-badge--line">{{ one.version }}</span>
      <span class="gb-mark" :data-tone="one.look.tone"><span class="gb-glyph" :data-tone="one.look.tone" :data-weight="one.look.weight">
        <svg aria-hidden="true"><use :href="'#gb-' + one.look.shape" /></svg></span><span class="gb-mark__word t-meta">{{ one.look.word }}</span></span></div>
    <pre class="pr-try__text" tabindex="0" :aria-label="one.model">{{ one.text }}</pre>
    <div class="pr-try__foot"><span class="t-clip" :title="one.reason">{{ one.reason }}</span><span>{{ one.times }}</span></div></div></div>`,
  props: { answers: Array },
};
