const moods = ['amber', 'brisk', 'calm', 'dusky', 'early', 'fond', 'gentle', 'hazel', 'keen', 'lucky', 'mellow', 'merry', 'nimble', 'plum', 'quiet', 'rosy', 'silver', 'sunny', 'tidy', 'vivid'];
const beings = ['badger', 'bat', 'beetle', 'crane', 'finch', 'fox', 'hare', 'heron', 'lark', 'lynx', 'marten', 'mole', 'moth', 'newt', 'otter', 'owl', 'robin', 'seal', 'stoat', 'wren'];

const pick = list => list[Math.floor(Math.random() * list.length)];

/** A name that is easy to say, and not this one. */
export function suggestName(not = '') {
  for (;;) {
    const name = `${pick(moods)}-${pick(beings)}`;
    if (name !== not) return name;
  }
}
