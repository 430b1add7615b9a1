// What plain pages cannot do. Everything works without this file.
(() => {
  "use strict";

  // The error summary or the banner is read out first.
  document.querySelector("[data-focus]")?.focus();

  // On a phone the menu scrolls sideways: where the reader is must be seen.
  document.querySelector(".nav__link[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // A second click on a button that sends a form does nothing for a while.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 3000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  // Links that look like buttons answer to the space bar like buttons.
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.('a[role="button"]')) {
      event.preventDefault();
      event.target.click();
    }
  });

  // Shortcuts: an element names its key with data-key="r"; `/` goes to the search box, `?` lists them all, Esc leaves a field.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const typing = event.target.matches?.("input, textarea, select, [contenteditable]");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "Escape") document.querySelector("details.who[open]")?.removeAttribute("open");
    const wanted = event.key === "/" ? document.getElementById("find")
      : event.key === "?" ? document.querySelector('a[href="/shortcuts"]')
      : document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!wanted) return;
    event.preventDefault();
    if (wanted.matches("input, textarea, select")) wanted.focus();
    else wanted.click();
  });

  // The officer's menu closes when the reader goes elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.who[open]")) if (!menu.contains(event.target)) menu.removeAttribute("open");
  });

  // The connection dot of pages with a live stream (htmx's sse extension sends these).
  const dot = document.getElementById("connection");
  const show = (state) => {
    if (!dot) return;
    const text = dot.querySelector(".dot__text");
    dot.dataset.state = state;
    text.textContent = text.dataset[state];
  };
  document.addEventListener("htmx:sseOpen", () => show("on"));
  document.addEventListener("htmx:sseError", () => show("off"));
  document.addEventListener("htmx:sseClose", () => show("off"));

})();
