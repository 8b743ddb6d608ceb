// Each export is a task of hello-js.yaml: its name is the method that the worker runs.

const started = Date.now();
let greeted = 0;

/** Task `page`, driven by server+http: a Response of the Fetch API is the page. */
export function page(_request, job) {
  const { method, url } = job.metadata.http;
  const html = `<!doctype html>
<title>Cocaine</title>
<h1>Hello from JavaScript</h1>
<p>You asked to ${method} <code>${escaped(url)}</code>. This worker has greeted ${greeted} ZeroMQ clients.</p>
`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}

/** Task `greet`, driven by server+zmq: the message is a name, the reply a greeting. */
export function greet(request) {
  greeted++;
  const name = new TextDecoder().decode(request) || "whoever you are";
  return `Hello, ${name}!`;
}

/** Task `tick`, driven by auto: an object is published on the feed, a message a field. */
export function tick() {
  return { greeted, seconds: Math.round((Date.now() - started) / 1000) };
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
