export function event(request) {
  return request;
}

export function web() {
  return "hello, world\n";
}
