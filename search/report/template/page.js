"use strict";
// Without this script everything is shown, in the order of the guideline's table.

function fold(body, open) {
  body.querySelector(".fold").setAttribute("aria-expanded", String(open));
  for (const row of body.querySelectorAll(".alternative")) row.hidden = !open;
}

function key(body, column) {
  const cell = body.rows[0].cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  // What has no number yet comes last.
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b);
}

function sort(table, header) {
  const order = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", order === 1 ? "ascending" : "descending");
  const bodies = [...table.tBodies];
  bodies.sort((a, b) => order * compare(key(a, header.cellIndex), key(b, header.cellIndex)));
  table.append(...bodies);
}

const bodies = [...document.querySelectorAll(".verdicts tbody")];
const all = document.querySelector(".all");

function label() {
  const open = bodies.every((body) => body.querySelector(".fold").ariaExpanded === "true");
  all.textContent = open ? "Hide all alternatives" : "Show all alternatives";
  return open;
}

for (const body of bodies) {
  const button = body.querySelector(".fold");
  button.disabled = false;
  fold(body, false);
  button.addEventListener("click", () => {
    fold(body, button.getAttribute("aria-expanded") === "false");
    label();
  });
}

if (all !== null) {
  all.hidden = false;
  all.addEventListener("click", () => {
    const open = label();
    for (const body of bodies) fold(body, !open);
    label();
  });
}

for (const header of document.querySelectorAll(".verdicts thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  header.append(button);
  button.addEventListener("click", () => sort(header.closest("table"), header));
}
