// The status shapes, drawn on a 12-grid; used everywhere by <use href="#gb-…">.
export default {
  template: `<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" style="position:absolute" aria-hidden="true">
<g fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">
<symbol id="gb-tick" viewBox="0 0 12 12"><path d="M2.75 6.35 5 8.6l4.25-5"/></symbol>
<symbol id="gb-half" viewBox="0 0 12 12"><path d="M6 2.6a3.4 3.4 0 0 1 0 6.8z" fill="currentColor" stroke-width="1"/></symbol>
<symbol id="gb-bang" viewBox="0 0 12 12"><path d="M6 2.5v4M6 9.3v.01" stroke-width="1.9"/></symbol>
<symbol id="gb-cross" viewBox="0 0 12 12"><path d="m3.4 3.4 5.2 5.2M8.6 3.4 3.4 8.6"/></symbol>
<symbol id="gb-key" viewBox="0 0 12 12"><circle cx="4.1" cy="6" r="1.9" stroke-width="1.4"/><path d="M6 6h4.2v1.9M8.4 6v1.5" stroke-width="1.4"/></symbol>
<symbol id="gb-gauge" viewBox="0 0 12 12"><path d="M2.6 8.6a3.9 3.9 0 1 1 6.8 0" stroke-width="1.3"/><path d="m6 7 1.6-2.2" stroke-width="1.5"/></symbol>
<symbol id="gb-ring" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4" stroke-width="1.8"/></symbol>
<symbol id="gb-clock" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.3" stroke-width="1.2"/><path d="M6 3.7V6l1.6 1.1" stroke-width="1.2"/></symbol>
<symbol id="gb-slash" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.3" stroke-width="1.2"/><path d="m3.4 8.6 5.2-5.2" stroke-width="1.2"/></symbol>
<symbol id="gb-broken" viewBox="0 0 12 12"><circle cx="6" cy="6" r="4.2" stroke-width="1.5" stroke-dasharray="3.6 2.98" stroke-linecap="butt"/></symbol>
<symbol id="gb-hourglass" viewBox="0 0 12 12"><path d="M3.5 2h5M3.5 10h5M4 2c0 3 4 5 4 8M8 2c0 3-4 5-4 8" stroke-width="1.2"/></symbol>
<symbol id="gb-hollow" viewBox="0 0 12 12"><circle cx="6" cy="6" r="3.6" stroke-width="1.1" opacity=".75"/></symbol>
<symbol id="gb-dash" viewBox="0 0 12 12"><path d="M3.5 6h5" stroke-width="1.2" opacity=".6"/></symbol>
</g>
</svg>`,
};
