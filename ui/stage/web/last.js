// @ts-check
/** Keeps what a page shows for the next visit, and gives it back where a page is opened by its bare address. */

/** @type {Set<string>} the pages that have been given theirs: an address asks once, and what follows is the visitor's */
const given = new Set();

/** @type {Pick<Shown, "page" | "path"> | undefined} */
let shown;

/**
 * @typedef {object} Shown
 * @property {string} page
 * @property {string} path where it is, below the app
 * @property {boolean} fresh whether it is as it opens, and nothing asked for that
 * @param {{data: Shown, setTriggerValue: (name: string, value: unknown) => void}} component
 */
export function show({ data: { page, path, fresh }, setTriggerValue }) {
  if (new URLSearchParams(location.search).has("embed")) return; // part of somebody else's page
  shown = { page, path };
  if (!fresh || location.search || given.has(page)) {
    given.add(page);
    keep();
    return;
  }
  given.add(page);
  try {
    const last = localStorage.getItem(`downhill.${page}`);
    if (last) setTriggerValue("query", last);
  } catch {
    // A browser may refuse to keep anything: then each visit begins anew.
  }
}

/** What the address says is what the page shows: kept whenever it changes, so that no move has to send it again. */
function keep() {
  if (!shown || location.pathname !== new URL(`./${shown.path}`, document.baseURI).pathname) return;
  const place = `downhill.${shown.page}`;
  try {
    if (location.search) localStorage.setItem(place, location.search.slice(1));
    else localStorage.removeItem(place);
  } catch {
    // as above
  }
}

/** @type {any} where there is none, what a page is opened with is kept, and no later change */
const { navigation } = window;
navigation?.addEventListener("currententrychange", keep);
