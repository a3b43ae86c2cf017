// What pages do beyond what they do without a script: the live piece asks again while it is seen, faults get the focus.
"use strict";

const EVERY_MS = 5000;

function watch(piece, said) {
  let etag = "", timer = 0, heardAt = Date.now(), isOver = false;

  function next() {
    clearTimeout(timer);
    if (!isOver && !document.hidden) timer = setTimeout(ask, EVERY_MS);
  }

  function tell(text) {
    if (said.textContent !== text) said.textContent = text;
  }

  async function ask() {
    const headers = { "HX-Request": "true" };
    if (etag) headers["If-None-Match"] = etag;
    try {
      const answer = await fetch(piece.dataset.live, { headers, cache: "no-store", redirect: "error" });
      if (answer.status === 401) {
        isOver = true;
        tell(said.dataset.ended);
        return;
      }
      if (answer.status !== 304 && !answer.ok) throw new Error("not live");
      heardAt = Date.now();
      tell("");
      if (answer.status === 200) {
        etag = answer.headers.get("ETag") || "";
        put(await answer.text());
      }
    } catch {
      if (Date.now() - heardAt > 2 * EVERY_MS) tell(said.dataset.lost);
    }
    next();
  }

  function put(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html").body;
    if (fresh.innerHTML === piece.innerHTML || piece.contains(document.activeElement)) return;
    const chosen = getSelection();
    if (chosen && !chosen.isCollapsed && piece.contains(chosen.anchorNode)) return; // somebody copies
    piece.replaceChildren(...fresh.childNodes);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  next();
}

const piece = document.querySelector("[data-live]"), said = document.getElementById("live-said");
if (piece && said) watch(piece, said);

// What a form would come to, shown while it is filled in; without a script the next page shows it.
function foresee(form, place) {
  let timer = 0, asked = 0;

  async function ask() {
    const turn = ++asked;
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.preview, { method: "POST", headers: { "HX-Request": "true" }, body, redirect: "error" });
      if (turn !== asked || !answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
      if (turn === asked) place.replaceChildren(...fresh.childNodes);
    } catch {
      // the next keystroke asks again
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 600);
  });
}

const form = document.querySelector("form[data-preview]"), place = document.getElementById("preview");
if (form && place) foresee(form, place);

const faults = document.getElementById("faults");
if (faults) faults.focus();

document.addEventListener("keydown", (event) => {
  const field = document.querySelector('[data-focus="/"]');
  const isWriting = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && field && !isWriting && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
  }
});
