export function event(request) {
  return request;
}
