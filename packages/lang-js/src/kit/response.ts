/** Whether a value is a WinterCG `Response`, of whichever library: naming the global one would load it. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== "object" || value === null) return false;
  return "arrayBuffer" in value && "status" in value && typeof value.status === "number" && "headers" in value;
}
