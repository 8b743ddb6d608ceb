/* "hello, world" on bare `node:http`. Prints its port. */
import { createServer } from "node:http";

const body = Buffer.from("hello, world\n");
const headers = { "Content-Type": "text/plain", "Content-Length": body.length };

const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
