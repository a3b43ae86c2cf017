// The search: every word of the question is the beginning of a word of a section. All of it is here; nothing is asked of
// anybody. `SECTIONS` (index.js): place, page, heading, text.
"use strict";

// What a reader takes for the same is the same: Arabic and Persian letters, digits of all three kinds, marks that are not
// seen, vowels. «لغو۱۱» is «لغو» and «11».
const LETTERS = { "ي": "ی", "ى": "ی", "ئ": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "آ": "ا", "ؤ": "و" };

function folded(text) {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u0660-\u0669]/g, (digit) => digit.charCodeAt(0) - 0x0660)
    .replace(/[\u06f0-\u06f9]/g, (digit) => digit.charCodeAt(0) - 0x06f0)
    .replace(/[يىئكةۀأإآؤ]/g, (letter) => LETTERS[letter])
    .replace(/[\p{Mn}\p{Cf}\u0640]/gu, "");
}

function words(text) {
  return folded(text).match(/\p{N}+|[\p{L}_]+/gu) || [];
}

let sections = null;

function prepared() {
  if (sections === null) {
    sections = SECTIONS.map(([place, page, heading, text]) => ({
      place, page, heading, text,
      title: " " + words(page + " " + heading).join(" ") + " ",
      all: " " + words(page + " " + heading + " " + text).join(" ") + " ",
    }));
  }
  return sections;
}

function found(question) {
  const wanted = words(question);
  if (wanted.length === 0) return [];
  const phrase = " " + wanted.join(" ");
  return prepared()
    .filter((section) => wanted.every((word) => section.all.includes(" " + word)))
    .map((section) => {
      const inTitle = wanted.filter((word) => section.title.includes(" " + word)).length;
      return { section, rank: 4 * inTitle + (section.all.includes(phrase) ? 3 : 0) };
    })
    .sort((a, b) => b.rank - a.rank)
    .slice(0, 40)
    .map(({ section }) => section);
}

// Some words around the first one that was asked for.
function piece(text, question) {
  const wanted = words(question);
  const parts = text.split(" ");
  const at = parts.findIndex((part) => words(part).some((word) => wanted.some((one) => word.startsWith(one))));
  const from = Math.max(0, at - 8);
  return (from ? "… " : "") + parts.slice(from, from + 24).join(" ") + (from + 24 < parts.length ? " …" : "");
}

function show(question) {
  const box = document.getElementById("found");
  box.hidden = words(question).length === 0;
  box.replaceChildren();
  const list = found(question);
  if (list.length === 0) box.textContent = box.dataset.none;
  for (const section of list) {
    const link = document.createElement("a");
    link.href = document.documentElement.dataset.root + section.place;
    const title = document.createElement("strong");
    title.dir = "auto";
    title.textContent = section.heading && section.heading !== section.page ? section.page + " › " + section.heading : section.page;
    const text = document.createElement("span");
    text.dir = "auto";
    text.textContent = piece(section.text, question);
    link.append(title, text);
    box.append(link);
  }
}

const field = document.getElementById("search");
field.addEventListener("input", () => show(field.value));
field.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { field.value = ""; show(""); }
  if (event.key === "Enter") { const first = document.querySelector("#found a"); if (first) first.click(); }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) { event.preventDefault(); field.focus(); }
});
document.getElementById("found").addEventListener("click", () => { document.getElementById("found").hidden = true; });
