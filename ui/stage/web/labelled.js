// @ts-check
/** Pictures and videos with words in the file itself: what they show, and the address that opens it. */

/** @typedef {{title: string, link: string}} Words */

const FIRST = 33; // where what follows the header of a PNG begins
const KNOWN = "\x89PNG";
const [TAGS, TAG, TARGETS, ONE, NAME, TEXT] = [0x1254c367, 0x7373, 0x63c0, 0x67c8, 0x45a3, 0x4487]; // of Matroska
const utf8 = new TextEncoder();

/**
 * A PNG with chunks of text (iTXt, https://www.w3.org/TR/png-3/#11iTXt).
 * @param {Blob} picture @param {Words} words @returns {Promise<Blob>}
 */
export async function labelledPicture(picture, { title, link }) {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== KNOWN) return picture;
  const chunks = [["Title", title], ["Software", "Downhill"], ["Comment", link]].map(([name, text]) => chunk(`iTXt${name}\0\0\0\0\0${text}`));
  return new Blob([bytes.subarray(0, FIRST), ...chunks, bytes.subarray(FIRST)], { type: picture.type });
}

/** A chunk of a PNG: its length, kind and content, and the check of both. @param {string} text kind and content */
function chunk(text) {
  const content = utf8.encode(text);
  const made = new Uint8Array(content.length + 8);
  const view = new DataView(made.buffer);
  view.setUint32(0, content.length - 4);
  made.set(content, 4);
  view.setUint32(content.length + 4, checked(content));
  return made;
}

/** CRC-32 as PNG has it. @param {Uint8Array} bytes */
function checked(bytes) {
  let rest = -1;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return ~rest >>> 0;
}

/**
 * A WebM with tags at its end: what a browser records has a segment without an end, so they are part of it
 * (https://www.matroska.org/technical/tagging.html).
 * @param {Blob} video @param {Words} words @returns {Blob}
 */
export function labelledVideo(video, { title, link }) {
  const tags = [["TITLE", title], ["URL", link]].map(([name, text]) => part(ONE, part(NAME, utf8.encode(name)), part(TEXT, utf8.encode(text))));
  return new Blob([video, part(TAGS, part(TAG, part(TARGETS), ...tags))], { type: video.type });
}

/** An element of Matroska: its name, its size in four bytes, and what is in it. @param {number} name @param {Uint8Array[]} held */
function part(name, ...held) {
  const hex = name.toString(16);
  const begin = Array.from({ length: hex.length / 2 }, (_, place) => parseInt(hex.slice(2 * place, 2 * place + 2), 16));
  const size = held.reduce((sum, { length }) => sum + length, 0);
  const made = new Uint8Array(begin.length + 4 + size);
  made.set(begin);
  new DataView(made.buffer).setUint32(begin.length, 0x10000000 | size);
  let end = begin.length + 4;
  for (const bytes of held) {
    made.set(bytes, end);
    end += bytes.length;
  }
  return made;
}
