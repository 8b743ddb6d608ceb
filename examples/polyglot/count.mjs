// Counts words: a function; its answer is sent as JSON.
export function count(request) {
  const words = request.toString().split(/\s+/u).filter(Boolean);
  let longest = "";
  for (const word of words) if (length(word) > length(longest)) longest = word;
  return { language: "JavaScript", words: words.length, longest };
}

/** Characters, not the units of UTF-16. */
function length(word) {
  return [...word].length;
}
