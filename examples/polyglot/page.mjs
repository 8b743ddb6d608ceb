// The page that asks every language, as a fetch handler.
const LANGUAGES = ["js", "python", "asgi", "perl", "cxx"];

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname !== "/") return new Response("there is nothing here\n", { status: 404 });
    return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Cocaine in every language</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
  textarea { width: 100%; height: 9rem; font: inherit; }
  table { border-collapse: collapse; margin-top: 1rem; }
  th, td { text-align: left; padding: 0.2rem 1.5rem 0.2rem 0; }
</style>
<h1>The same job in every language</h1>
<p>Each app counts the words of the text, in workers of its own.</p>
<textarea id="text">It was the best of times, it was the worst of times.</textarea>
<button id="count">Count</button>
<table><thead><tr><th>language<th>words<th>longest<th>ms</tr></thead><tbody id="answers"></tbody></table>
<script>
const languages = ${JSON.stringify(LANGUAGES)};
const text = document.getElementById("text");
const answers = document.getElementById("answers");
document.getElementById("count").onclick = async () => {
  const rows = await Promise.all(languages.map(ask));
  answers.replaceChildren(...rows);
};
async function ask(language) {
  const start = performance.now();
  const response = await fetch("/" + language, { method: "POST", body: text.value });
  const took = (performance.now() - start).toFixed(1);
  const cells = response.ok ? Object.values(await response.json()) : [language, "not deployed", ""];
  const row = document.createElement("tr");
  for (const cell of [...cells, took]) row.insertCell().textContent = cell;
  return row;
}
</script>
</html>
`;
