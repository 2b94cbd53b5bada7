// One state as glyph and word; one element on the server.
export default {
  template: `<span class="gb-mark" :data-tone="tone" :data-stale="stale ? 'true' : null" :title="show ? null : word">
    <span class="gb-glyph" :data-tone="tone" :data-weight="weight" :role="show ? null : 'img'" :aria-label="show ? null : word">
      <svg aria-hidden="true"><use :href="'#gb-' + shape" /></svg></span>
    <span v-if="show" class="gb-mark__word">{{ word }}</span></span>`,
  props: { tone: String, shape: String, weight: String, word: String, show: Boolean, stale: Boolean },
};
