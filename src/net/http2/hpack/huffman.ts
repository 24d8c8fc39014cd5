/**
 * The Huffman code of HPACK (RFC 7541 section 5.2 and Appendix B). The code is canonical: within
 * one length codes ascend with their symbols, so the lengths alone define it.
 */

/** Length in bits of the code of each of the symbols 0 to 256 (256 ends a string, EOS): 'a' is 5,
 * 'b' is 6, and so on to 'z', 30. */
const LENGTHS =
  'isxxxxxxxtzxxzxxxxxxxxzxxxxxxxxxbffhibdgffdgdbbbaaabbbbbbbcdkbhfibcccccccccccccccccccc' +
  'ccdcdioijbkabababbbaccbbbabcbaabccccckgjixprpprrrsrssssststtrstssssqrsrsstrqprrssqsrrt' +
  'qrssqqrqsrssprrrsrrsvvporsruvvvwwvtuoqvwwvwtqqvvxwwwptpqrqqsrruuttvsvwvvwwwwwxwwwwwvz';

const SYMBOLS = 257;
const EOS = 256;
const CODES = new Uint32Array(SYMBOLS);
const BITS = new Uint8Array(SYMBOLS);

/** Decoding tree, 256 entries for each node: what the next 8 bits say. 0: no symbol has these;
 * positive: symbol * 16 + how many of the bits are its; negative: minus the node that follows. */
const nodes: Int16Array[] = [new Int16Array(256)];

function addToTree(symbol: number, code: number, bits: number): void {
  let node = nodes[0]!;
  let left = bits;
  while (left > 8) {
    const index = (code >>> (left - 8)) & 0xff;
    if (node[index] === 0) {
      node[index] = -nodes.length;
      nodes.push(new Int16Array(256));
    }
    node = nodes[-node[index]!]!;
    left -= 8;
  }
  const first = (code << (8 - left)) & 0xff;
  node.fill(symbol * 16 + left, first, first + (1 << (8 - left)));
}

let nextCode = 0;
for (let bits = 5; bits <= 30; bits++) {
  nextCode = (nextCode << 1) >>> 0;
  for (let symbol = 0; symbol < SYMBOLS; symbol++) {
    if (LENGTHS.charCodeAt(symbol) - 92 !== bits) continue;
    CODES[symbol] = nextCode;
    BITS[symbol] = bits;
    // A string that spells EOS is an error: it stays out of the tree.
    if (symbol !== EOS) addToTree(symbol, nextCode, bits);
    nextCode++;
  }
}

/** How many bytes a Latin-1 string takes when encoded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let index = 0; index < text.length; index++) bits += BITS[text.charCodeAt(index) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Encodes a Latin-1 string at `position` (room: `huffmanLength`); answers where it ends. */
export function huffmanEncode(text: string, target: Uint8Array, position: number): number {
  let at = position;
  // At most 7 bits wait, and a code has up to 30: 37 bits need two halves.
  let waiting = 0;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index) & 0xff;
    const code = CODES[symbol]!;
    let left = BITS[symbol]!;
    while (left > 0) {
      const take = left < 16 ? left : 16;
      left -= take;
      waiting = (waiting << take) | ((code >>> left) & ((1 << take) - 1));
      count += take;
      while (count >= 8) {
        count -= 8;
        target[at++] = waiting >>> count;
      }
      waiting &= (1 << count) - 1;
    }
  }
  if (count > 0) target[at++] = (waiting << (8 - count)) | ((1 << (8 - count)) - 1);
  return at;
}

/**
 * Decodes into `target` (room: 8/5 of the bytes); answers how many bytes came out, or -1 for an
 * EOS inside, padding of more than 7 bits or padding that is not all ones.
 */
export function huffmanDecode(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
): number {
  const root = nodes[0]!;
  let node = root;
  let out = 0;
  let bits = 0;
  let count = 0;
  // Bits since the last whole symbol.
  let pending = 0;
  for (let position = start; position < end; position++) {
    bits = ((bits & 0xff) << 8) | bytes[position]!;
    count += 8;
    pending += 8;
    while (count >= 8) {
      const entry = node[(bits >>> (count - 8)) & 0xff]!;
      if (entry > 0) {
        target[out++] = entry >>> 4;
        count -= entry & 15;
        node = root;
        pending = count;
      } else if (entry < 0) {
        node = nodes[-entry]!;
        count -= 8;
      } else return -1;
    }
  }
  while (count > 0) {
    const entry = node[(bits << (8 - count)) & 0xff]!;
    if (entry <= 0 || (entry & 15) > count) break;
    target[out++] = entry >>> 4;
    count -= entry & 15;
    node = root;
    pending = count;
  }
  if (pending > 7) return -1;
  const padding = (1 << count) - 1;
  return (bits & padding) === padding ? out : -1;
}
