// Entry of the import map; the parts are imported by their own names.
export { Model } from "gymbro-matrix/model.js";
