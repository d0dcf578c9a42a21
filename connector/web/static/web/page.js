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
