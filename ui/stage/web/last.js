// @ts-check
/** Keeps what a page shows for the next visit, and gives it back where a page is opened by its bare address. */

/** @type {Set<string>} the pages that have been given theirs: an address asks once, and what follows is the visitor's */
const given = new Set();

/**
 * @typedef {object} Shown
 * @property {string} page
 * @property {string} query what it shows, as an address has it
 * @property {boolean} fresh whether it is as it opens, and nothing asked for that
 * @param {{data: Shown, setTriggerValue: (name: string, value: unknown) => void}} component
 */
export function show({ data: { page, query, fresh }, setTriggerValue }) {
  if (new URLSearchParams(location.search).has("embed")) return; // part of somebody else's page
  const place = `downhill.${page}`;
  try {
    if (!fresh) {
      given.add(page);
      if (query) localStorage.setItem(place, query);
      else localStorage.removeItem(place);
      return;
    }
    if (given.has(page) || location.search) return;
    given.add(page);
    const last = localStorage.getItem(place);
    if (last) setTriggerValue("query", last);
  } catch {
    // A browser may refuse to keep anything: then each visit begins anew.
  }
}
