"use strict";
// Comfort only: every page works without this file.

// Files dropped anywhere on the form are chosen in it, and what is chosen is told.
document.addEventListener("DOMContentLoaded", () => {
  const drop = document.querySelector("form.drop");
  if (!drop) return;
  const files = drop.querySelector("input[type=file]");
  const told = drop.querySelector("[role=status]");
  const tell = () => {
    told.textContent = Array.from(files.files, (one) => one.name).join(", ");
  };
  files.addEventListener("change", tell);
  for (const name of ["dragover", "dragenter"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    files.files = event.dataTransfer.files;
    tell();
  });
});

// A form is sent once, however often it is clicked.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// The editor of rules: numbers beside the lines, those with a fault marked; a fault leads to its line.
document.addEventListener("DOMContentLoaded", () => {
  const text = document.querySelector(".lined textarea");
  if (!text) return;
  const lines = document.querySelector(".lined .lines");
  const number = () => {
    const told = document.getElementById("checked").dataset.lines.split(" ");
    const count = text.value.split("\n").length;
    lines.replaceChildren(
      ...Array.from({ length: count }, (_, at) => {
        const one = document.createElement("span");
        one.textContent = `${at + 1}\n`;
        if (told.includes(String(at + 1))) one.className = "faulty";
        return one;
      }),
    );
    lines.style.height = `${text.clientHeight}px`;
    lines.scrollTop = text.scrollTop;
  };
  number();
  text.addEventListener("input", number);
  text.addEventListener("scroll", () => {
    lines.scrollTop = text.scrollTop;
  });
  new ResizeObserver(number).observe(text);
  document.body.addEventListener("htmx:afterSwap", number);
  document.body.addEventListener("click", (event) => {
    const line = event.target.dataset && event.target.dataset.line;
    if (!line) return;
    event.preventDefault();
    const before = text.value.split("\n").slice(0, Number(line) - 1);
    const start = before.join("\n").length + (before.length ? 1 : 0);
    text.focus();
    text.setSelectionRange(start, start + text.value.slice(start).split("\n")[0].length);
    const tall = parseFloat(getComputedStyle(text).lineHeight);
    text.scrollTop = Math.max(0, (Number(line) - 6) * tall);
  });
});
