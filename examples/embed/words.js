// The app: it runs in worker processes, and may take its time without holding up the service.

export function count(request) {
  const words = Buffer.from(request).toString().split(/\s+/).filter(Boolean);
  return { words: words.length, pid: process.pid };
}

export function crash() {
  process.exit(1);
}
