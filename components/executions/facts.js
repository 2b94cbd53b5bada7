// Names and values as one element; a value may lead to a page or be copied.
export default {
  template: `<dl class="gb-facts ex-facts"><template v-for="fact in facts" :key="fact.name"><dt>{{ fact.name }}</dt>
    <dd :title="fact.title || null"><a v-if="fact.href" class="gb-link" :href="fact.href">{{ fact.text }}</a><span v-else :class="{ 't-mono': fact.mono }">{{ fact.text }}</span></dd></template></dl>`,
  props: { facts: Array },
};
