// @ts-check
/**
 * The keys of every page: what they do, in one list that `?` shows; and those that press the page's own buttons.
 *
 * What a key of the stage does is said where it is done (stage.js, dial.js, plane_view.js, surface_view.js); a test holds
 * this list against them.
 */

import { element } from "./dom.js";

/** Where they hold, and for each the keys and what they do. @type {[string, [string[], string][]][]} */
export const KEYS = [
  ["Everywhere", [
    [["?"], "this list"],
    [["Ctrl+Z"], "undo the last change"],
    [["Ctrl+Shift+Z"], "redo what was undone"],
  ]],
  ["The run", [
    [["Space"], "play or pause"],
    [["←", "→"], "one step back or forward"],
    [[",", "."], "the same, also while the dial has the focus"],
    [["Home", "End"], "to the start or the end"],
    [["+", "−"], "faster or slower"],
    [["L"], "loop"],
    [["1", "2", "3", "4", "5"], "learning rate: too small, just right, overshooting, on the edge, diverging"],
    [["F"], "the demonstration, over the full screen"],
    [["Esc"], "leave it"],
  ]],
  ["Learning-rate dial", [
    [["←", "→", "↑", "↓"], "the next rate"],
    [["Shift+←", "Shift+→"], "a hundredth of the rate"],
    [["Page Up", "Page Down"], "twice or half the rate"],
    [["Home", "End"], "the smallest or the largest rate"],
  ]],
  ["Learning rate, as a number", [
    [["Enter"], "take what is typed"],
    [["Esc"], "put the rate back"],
  ]],
  ["3-D surface", [
    [["←", "→", "↑", "↓"], "turn it"],
    [["+", "−"], "nearer or farther"],
    [["0"], "as it was"],
  ]],
  ["Plane", [
    [["←", "→", "↑", "↓"], "move a cross-hair; with Shift farther"],
    [["Enter"], "start there"],
    [["+", "−"], "nearer or farther"],
    [["0"], "as it was"],
    [["Esc"], "put the cross-hair away"],
  ]],
];

const sheet = new CSSStyleSheet();
sheet.replaceSync(await (await fetch(new URL("keys.css", import.meta.url))).text());

/** Whether what is typed there is text: a list of choices that is shut takes none. @param {EventTarget} target */
function takesText(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.localName === "textarea") return true;
  if (target.localName !== "input" || target.getAttribute("role") === "combobox" && target.ariaExpanded !== "true") return false;
  return !["button", "checkbox", "color", "file", "radio", "range", "reset", "submit"].includes(/** @type {HTMLInputElement} */ (target).type);
}

/** @param {ParentNode} dialog */
function fill(dialog) {
  for (const [where, keys] of KEYS) {
    const list = element("dl");
    for (const [names, does] of keys) {
      list.append(element("dt", {}, ...names.map((name) => element("kbd", {}, name))), element("dd", {}, does));
    }
    dialog.append(element("section", {}, element("h3", {}, where), list));
  }
}

/** @param {{parentElement: ShadowRoot}} component @returns {() => void} */
export function show({ parentElement }) {
  const known = parentElement.querySelector("dialog");
  if (known) return () => {};
  parentElement.adoptedStyleSheets = [sheet];
  const ended = new AbortController();
  const { signal } = ended;
  const close = element("button", { type: "button", class: "close" }, "Close");
  const body = element("div", { class: "keys" });
  const dialog = element("dialog", { "aria-labelledby": "keys-title" },
    element("header", {}, element("h2", { id: "keys-title" }, "Keys"), close), body);
  fill(body);
  const open = element("button", { type: "button", class: "open", "aria-haspopup": "dialog" }, "Keys ", element("kbd", { "aria-hidden": "true" }, "?"));
  parentElement.append(open, dialog);
  const toggle = () => (dialog.open ? dialog.close() : dialog.showModal());
  open.addEventListener("click", toggle, { signal });
  close.addEventListener("click", () => dialog.close(), { signal });
  dialog.addEventListener("click", (/** @type {MouseEvent} */ event) => event.target === dialog && dialog.close(), { signal });
  dialog.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key !== "?" && event.stopPropagation(), { signal });
  document.addEventListener("keydown", (event) => {
    if (takesText(event.composedPath()[0])) return;
    if (event.key === "?" && !event.ctrlKey && !event.metaKey && !event.altKey) toggle();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.altKey && !dialog.open) {
      /** @type {HTMLElement | null} */ (document.querySelector(event.shiftKey ? "[class*=st-key-][class*=redo] button" : "[class*=st-key-][class*=undo] button"))?.click();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal, capture: true });
  return () => {
    // Streamlit calls this also when a newer call has overtaken one; the page is left when the place itself is gone.
    setTimeout(() => parentElement.host.isConnected || ended.abort());
  };
}
