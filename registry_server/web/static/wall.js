// The checkpoint wall: takes the stream's pieces (escaped by the server) and keeps the two lists short. Without it the page renews itself.
(() => {
  "use strict";
  const wall = document.getElementById("wall");
  if (!wall) return;
  const id = (name) => document.getElementById(`wall-${name}`);
  const REMEMBERED = 2000; // passages; a stream that resumes may send the last ones again
  const WAITING = 400; // passages kept while paused; older ones are fetched anew
  const RETRY_MS = [1000, 2000, 5000, 10000];

  const known = new Map(); // passage -> number of flags shown
  let waiting = []; // news that came while paused or before the next frame
  let paused = false;
  let overflowed = false;
  let attempts = 0;
  let position = wall.dataset.position;
  const aheadOf = (now) => Date.now() - Date.parse(now);
  let ahead = aheadOf(wall.dataset.now); // how far this phone's clock is ahead of the server's; told anew with the health

  // --- switches, remembered on this device only ---
  const isOn = (name) => localStorage.getItem(`wall-${name}`) === "on";
  const paint = (button, on) => {
    button.setAttribute("aria-pressed", String(on));
    button.querySelector("[data-on]").hidden = !on;
    button.querySelector("[data-off]").hidden = on;
  };
  for (const name of ["sound", "vibration"]) {
    const button = id(name);
    paint(button, isOn(name));
    button.addEventListener("click", () => {
      const on = !isOn(name);
      localStorage.setItem(`wall-${name}`, on ? "on" : "off");
      paint(button, on);
      if (on) (name === "sound" ? beep : buzz)();
    });
  }
  if (!navigator.vibrate) id("vibration").hidden = true;

  let audio = null;
  const beep = () => {
    audio ??= new AudioContext();
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = 880;
    loudness.gain.setValueAtTime(0.25, audio.currentTime);
    loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.35);
    tone.connect(loudness).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.35);
  };
  const buzz = () => navigator.vibrate?.([180, 80, 180]);
  let alertedAt = 0;
  const alertOfficer = () => {
    if (performance.now() - alertedAt < 1000) return;
    alertedAt = performance.now();
    if (isOn("sound")) beep();
    if (isOn("vibration")) buzz();
  };

  // --- lists ---
  const isNew = (piece) => {
    const shown = known.get(piece.passage);
    if (shown !== undefined && shown >= piece.flags) return false;
    known.delete(piece.passage);
    known.set(piece.passage, piece.flags);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value);
    return true;
  };
  const put = (list, piece) => {
    for (const old of wall.querySelectorAll(`[data-passage="${piece.passage}"]`)) old.remove();
    list.insertAdjacentHTML("afterbegin", piece.html);
    const focused = document.activeElement;
    while (list.children.length > Number(list.dataset.most)) {
      if (list.lastElementChild.contains(focused)) break; // what is being read stays
      list.lastElementChild.remove();
    }
  };
  const show = () => {
    if (paused) return;
    if (overflowed) return location.reload();
    const pieces = waiting.flatMap((news) => news.pieces);
    waiting = [];
    const rows = pieces.filter((piece) => !piece.flags);
    for (const piece of rows.slice(-Number(id("rows").dataset.most))) if (isNew(piece)) put(id("rows"), piece);
    let flagged = false;
    for (const piece of pieces.filter((one) => one.flags)) {
      if (!isNew(piece)) continue;
      put(id("cards"), piece);
      flagged = true;
    }
    id("no-cards").hidden = id("cards").children.length > 0;
    id("no-rows").hidden = id("rows").children.length > 0;
    if (flagged) alertOfficer();
    if (pieces.length) wall.dispatchEvent(new CustomEvent("wall:shown", { detail: pieces }));
  };
  let isFrameAsked = false;
  const showSoon = () => {
    if (isFrameAsked) return;
    isFrameAsked = true;
    const run = () => { if (isFrameAsked) { isFrameAsked = false; show(); } };
    requestAnimationFrame(run);
    setTimeout(run, 100); // a tab in the background draws no frames
  };
  const numberText = (n) => String(n).replace(/\d/g, (digit) => wall.dataset.digits[digit]);
  const sayPaused = () => {
    const count = waiting.reduce((sum, news) => sum + news.pieces.length, 0);
    id("paused").hidden = !paused;
    if (paused) id("paused").textContent = wall.dataset.paused.replace("#", numberText(count) + (overflowed ? "+" : ""));
  };
  id("pause").addEventListener("click", () => {
    paused = !paused;
    paint(id("pause"), paused);
    sayPaused();
    if (!paused) show();
  });

  // --- the stream ---
  const connection = (on) => {
    document.dispatchEvent(new CustomEvent(on ? "live:on" : "live:off"));
    id("offline").hidden = on;
    wall.classList.toggle("is-offline", !on);
  };
  const take = (event) => {
    if (event.lastEventId) position = event.lastEventId;
    waiting.push(JSON.parse(event.data));
    if (!paused) return showSoon();
    while (waiting.reduce((sum, news) => sum + news.pieces.length, 0) > WAITING) {
      overflowed = true;
      waiting.shift();
    }
    sayPaused();
  };
  const connect = () => {
    const address = new URL(wall.dataset.stream, location.href);
    address.searchParams.set("after", position);
    const stream = new EventSource(address);
    let lastHeard = performance.now();
    const heard = (handler) => (event) => { lastHeard = performance.now(); handler(event); };
    const again = () => {
      clearInterval(watch);
      stream.close();
      connection(false);
      const pause = RETRY_MS[Math.min(attempts++, RETRY_MS.length - 1)];
      setTimeout(connect, pause);
    };
    // A cable that was pulled ends no connection: health comes every two seconds, so silence is the sign.
    const watch = setInterval(() => { if (performance.now() - lastHeard > 10000) again(); }, 1000);
    stream.addEventListener("open", heard(() => { attempts = 0; connection(true); }));
    stream.addEventListener("passages", heard(take));
    stream.addEventListener("health", heard((event) => {
      const health = JSON.parse(event.data);
      ahead = aheadOf(health.now);
      id("health").innerHTML = health.html;
    }));
    stream.addEventListener("stale", heard(() => location.reload()));
    stream.addEventListener("signed_out", () => { clearInterval(watch); stream.close(); connection(false); id("offline").hidden = true; id("refused").hidden = false; });
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED && attempts > 2) id("refused").hidden = false;
      again();
    });
    window.addEventListener("pagehide", () => stream.close(), { once: true });
  };

  // --- ages, keys, filter ---
  const ageText = (seconds) => {
    const { ageNow, ageSeconds, ageMinutes, ageHours } = wall.dataset;
    if (seconds < 2) return ageNow;
    const [count, words] = seconds < 60 ? [seconds, ageSeconds] : seconds < 3600 ? [seconds / 60, ageMinutes] : [seconds / 3600, ageHours];
    return words.replace("#", numberText(Math.floor(count)));
  };
  setInterval(() => {
    for (const age of wall.querySelectorAll(".wall-age")) age.textContent = ageText((Date.now() - ahead - Date.parse(age.dataset.at)) / 1000);
  }, 1000);
  const step = (by) => {
    const cards = [...id("cards").children];
    const at = cards.findIndex((card) => card.contains(document.activeElement));
    cards[Math.max(0, Math.min(cards.length - 1, at + by))]?.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.target.matches("input, textarea, select, button, a, summary")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "Enter") document.activeElement.querySelector?.(".wall-card__link")?.click();
  });
  document.getElementById("checkpoint").addEventListener("change", () => document.getElementById("wall-filter").requestSubmit());

  for (const shown of [...id("cards").children, ...id("rows").children]) known.set(Number(shown.dataset.passage), Number(shown.dataset.flags || 0));
  id("keys").hidden = false;
  connect();
})();
