// Keys for who decides all day: j/k walk the list, d and c go to the two forms. Everything works without this file.
(() => {
  "use strict";
  const links = [...document.querySelectorAll("[data-walk] > li > a")];
  const go = (field) => {
    const target = document.getElementById(field);
    if (!target) return false;
    target.scrollIntoView({ block: "center" });
    target.focus();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.target.matches("input, textarea, select")) return;
    const at = links.indexOf(document.activeElement);
    const steps = { j: at + 1, k: Math.max(0, at - 1) };
    if (event.key in steps && links.length) links[Math.min(steps[event.key], links.length - 1)].focus();
    else if (!((event.key === "d" && go("reason")) || (event.key === "c" && go("confirm_note")))) return;
    event.preventDefault();
  });
})();
