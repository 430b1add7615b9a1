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

  // The connection dot of pages with a live stream (such a page's own script says these).
  const dot = document.getElementById("connection");
  if (dot) dot.hidden = false; // without a script there is no connection to speak of
  const show = (state) => {
    if (!dot) return;
    const text = dot.querySelector(".dot__text");
    dot.dataset.state = state;
    text.textContent = text.dataset[state];
  };
  document.addEventListener("live:on", () => show("on"));
  document.addEventListener("live:off", () => show("off"));

  // The end of the session: typing is work and puts it off; a warning comes before; a form that is filled in then is sent to be kept.
  const session = document.getElementById("session");
  if (session) {
    const WARN_MS = 5 * 60 * 1000;
    const TELL_EVERY_MS = 60 * 1000;
    const KEY = "session-ends-at";
    const isLive = "live" in session.dataset;
    const ahead = Date.now() - Date.parse(session.dataset.now); // how far this computer's clock is ahead of the server's
    const lastAt = Date.parse(session.dataset.lastAt);
    const warning = document.getElementById("ending");
    const stay = document.getElementById("ending-stay");
    let endsAt = Date.parse(session.dataset.endsAt);
    const lifetime = endsAt - Date.parse(session.dataset.now);
    let toldAt = Date.now();
    let hasWorked = false;
    let isAsking = false;

    const learn = (at, text) => {
      endsAt = isLive ? lastAt : at;
      if (text && !isLive) session.textContent = text;
    };
    const leave = () => {
      const form = [...document.querySelectorAll("main form[method=post]")].find((one) => one.dataset.touched);
      if (form) HTMLFormElement.prototype.submit.call(form); // the server knows that the session is over: it keeps the form, sealed, and does nothing else
      else location.assign(session.dataset.signIn);
    };
    const ask = async () => {
      if (isAsking) return;
      isAsking = true;
      hasWorked = false;
      toldAt = Date.now();
      try {
        const headers = { "X-CSRF-Token": session.dataset.token, Accept: "application/json" };
        const answer = await fetch("/session", { method: "POST", headers });
        if (answer.status === 401) return leave();
        if (!answer.ok) return;
        const news = await answer.json();
        learn(Date.parse(news.ends_at), news.text);
        localStorage.setItem(KEY, JSON.stringify({ at: news.ends_at, text: news.text }));
      } catch { /* no connection: the next look asks again */ } finally { isAsking = false; }
    };
    document.addEventListener("session-over", leave); // htmx was refused a part of this page
    // Other tabs of this browser share the session.
    window.addEventListener("storage", (event) => {
      if (event.key !== KEY || !event.newValue) return;
      const news = JSON.parse(event.newValue);
      if (Date.parse(news.at) > endsAt) learn(Date.parse(news.at), news.text);
    });
    localStorage.setItem(KEY, JSON.stringify({ at: session.dataset.endsAt, text: isLive ? "" : session.textContent }));

    const look = () => {
      const left = endsAt - (Date.now() - ahead);
      const isNear = left < Math.min(WARN_MS, lifetime / 2);
      if (left <= 0 && !isLive) ask(); // another tab may have put it off; else we leave
      else if (hasWorked && Date.now() - toldAt >= Math.min(TELL_EVERY_MS, lifetime / 4)) ask();
      if (warning.hidden !== !isNear) {
        document.getElementById("ending-text").textContent = session.textContent;
        stay.hidden = endsAt >= lastAt;
        warning.hidden = !isNear;
      }
    };
    for (const name of ["keydown", "pointerdown", "input"]) document.addEventListener(name, () => { hasWorked = true; }, { passive: true, capture: true });
    document.addEventListener("input", (event) => { if (event.target.form) event.target.form.dataset.touched = "yes"; });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
    stay.addEventListener("click", () => { ask().then(look); });
    setInterval(look, 1000);
  }
})();
