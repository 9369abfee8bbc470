// @ts-check
/** What the browser itself can do for whoever shares what is seen: copy the link, keep a picture, record the animation. */

import { element } from "./dom.js";

const sheet = new CSSStyleSheet();
sheet.replaceSync(await (await fetch(new URL("share.css", import.meta.url))).text());

const VIEWS = [["all", "All views"], ["surface", "Surface"], ["plane", "Plane"], ["curve", "Curve"]];

/** @typedef {{stem: string, title: string, link: string}} Shared what files are called and say */

/** @param {{data: Shared, parentElement: ShadowRoot}} component */
export function show({ data, parentElement }) {
  parentElement.adoptedStyleSheets = [sheet];
  const root = /** @type {HTMLElement & {shared: Shared}} */ (parentElement.querySelector(".share") ?? parentElement.appendChild(made()));
  root.shared = data;
}

/** @returns {HTMLElement & {shared: Shared}} */
function made() {
  const told = element("p", { role: "status", class: "told" });
  const say = (/** @type {string} */ text) => (told.textContent = text);
  const button = (/** @type {string} */ text, /** @type {(made: HTMLButtonElement) => unknown} */ act) => {
    const one = element("button", { type: "button" }, text);
    one.addEventListener("click", () => act(one));
    return one;
  };
  const copy = button("Copy link", async () => say(await copied(location.href)));
  const choice = element("select", { "aria-label": "Which views" }, ...VIEWS.map(([value, text]) => element("option", { value }, text)));
  const ask = (/** @type {string} */ what, /** @type {HTMLButtonElement} */ one) => {
    // The stage is another component: it hears what is asked of it on the document.
    const asked = new CustomEvent("downhill:keep", { cancelable: true, detail: { what, views: choice.value, ...root.shared, say, button: one } });
    if (document.dispatchEvent(asked)) say("There is no stage on this page.");
  };
  const picture = button("Picture (PNG)", (one) => ask("picture", one));
  const video = button("Video (WebM)", (one) => ask("video", one));
  const root = element("div", { class: "share" }, copy, element("span", { class: "group" }, choice, picture, video), told);
  return root;
}

/** Puts a text on the clipboard. @param {string} text @returns {Promise<string>} what came of it, in a sentence */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return "The link is copied.";
  } catch {
    return `The browser does not let this page copy. The link: ${text}`;
  }
}
