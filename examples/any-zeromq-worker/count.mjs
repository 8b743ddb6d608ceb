export function* count(request) {
  yield Buffer.from(String(request.toString().trim().split(/\s+/).length));
}
