// Entry of the import map; the parts are imported by their own names.
export { RowStore } from "gymbro-executions/store.js";
