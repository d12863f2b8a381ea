// The words of two texts as runs `[kind, text]`; a kind is "same", "gone" or "new".

const MOST = 2000; // words of each; longer texts are shown as wholes

export function changes(before, after) {
  const [old, now] = [before.split(/\s+/), after.split(/\s+/)];
  if (old.length > MOST || now.length > MOST) return [["gone", before], ["new", after]];
  const common = lengths(old, now);
  const runs = [];
  const add = (kind, word) => {
    const last = runs.at(-1);
    if (last?.[0] === kind) last[1] += ` ${word}`;
    else runs.push([kind, word]);
  };
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      add("same", old[i]);
      i += 1;
      j += 1;
    } else if (j === now.length || (i < old.length && common[i + 1][j] >= common[i][j + 1])) {
      add("gone", old[i]);
      i += 1;
    } else {
      add("new", now[j]);
      j += 1;
    }
  }
  return runs;
}

// Length of the longest common subsequence of the rests from each pair of places.
function lengths(old, now) {
  const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      table[i][j] = old[i] === now[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}
