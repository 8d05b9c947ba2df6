/* <mediacore-chat>: the visitor's side of a mediacore web chat. One file, no framework, no build step.
 *
 *   <script src="https://desk.example.com/inbox/chat/widget.js" defer></script>
 *   <mediacore-chat></mediacore-chat>
 *
 * Attributes: src (the inbox's prefix; where this script came from), lang (en, it), inline (fills its place instead of
 * floating), open (the floating panel starts open), name (what the visitor is called).
 * Style from outside: --mediacore-accent, --mediacore-font.
 */
(() => {
  "use strict";

  const HOME = document.currentScript ? document.currentScript.src.replace(/\/widget\.js.*$/, "") : "";
  const CHUNK = 4 * 1024 * 1024;
  const TICKET_MS = 25 * 60 * 1000; // a file's address works for 30 minutes; ask for a new one a little before
  const INLINE_IMAGES = ["image/jpeg", "image/png", "image/gif", "image/webp"];

  const WORDS = {
    en: {
      open: "Open the chat", close: "Close the chat", write: "Write a message", send: "Send", attach: "Attach files",
      drop: "Drop the files here", caption: "Describe {name} (optional)", remove: "Remove {name}", retry: "Try again",
      cancel: "Cancel", sending: "Sending…", sent: "Sent", waiting: "Waiting for the connection…",
      failed: "Not sent: {why}", large: "{name} is larger than {size}.", empty: "{name} is empty.",
      many: "{count} files are the most in one message.", long: "The message is too long.",
      offline: "No connection. Trying again…", you: "You", desk: "Support", view: "Open {name}",
      download: "Download {name}", back: "Close the picture", uploading: "Uploading {name}", 
      unavailable: "the chat is not available here", pending: "being checked", quarantined: "held back for safety",
      expired: "no longer available", deleted: "removed", log: "Conversation", chosen: "Files to send",
    },
    it: {
      open: "Apri la chat", close: "Chiudi la chat", write: "Scrivi un messaggio", send: "Invia", attach: "Allega file",
      drop: "Rilascia qui i file", caption: "Descrivi {name} (facoltativo)", remove: "Togli {name}", retry: "Riprova",
      cancel: "Annulla", sending: "Invio in corso…", sent: "Inviato", waiting: "In attesa della connessione…",
      failed: "Non inviato: {why}", large: "{name} supera {size}.", empty: "{name} è vuoto.",
      many: "Al massimo {count} file per messaggio.", long: "Il messaggio è troppo lungo.",
      offline: "Nessuna connessione. Nuovo tentativo…", you: "Tu", desk: "Assistenza", view: "Apri {name}",
      download: "Scarica {name}", back: "Chiudi l'immagine", uploading: "Caricamento di {name}",
      unavailable: "la chat non è disponibile qui", pending: "in verifica", quarantined: "trattenuto per sicurezza",
      expired: "non più disponibile", deleted: "rimosso", log: "Conversazione", chosen: "File da inviare",
    },
  };

  const CSS = `
    :host { --accent: var(--mediacore-accent, #1a56b0); --paper: #fff; --ink: #1b1f24; --soft: #eef1f5; --line: #d0d7de;
      --faint: #57606a; --alarm: #b3261e; --mark: var(--accent); color-scheme: light dark; font: 15px/1.45 var(--mediacore-font, system-ui, sans-serif); }
    @media (prefers-color-scheme: dark) { :host { --paper: #16191d; --ink: #e8eaed; --soft: #262b31; --line: #3b424a;
      --faint: #a3acb6; --alarm: #ff9b93; --mark: color-mix(in srgb, var(--accent) 45%, #fff); } }
    :host([inline]) { display: block; min-height: 20rem; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    button { font: inherit; color: inherit; cursor: pointer; border: 0; background: none; border-radius: 8px; padding: 6px; }
    button:focus-visible, a:focus-visible, textarea:focus-visible, input:focus-visible, .log:focus-visible {
      outline: 2px solid var(--mark); outline-offset: 1px; }
    .launch { position: fixed; right: 20px; bottom: 20px; width: 56px; height: 56px; border-radius: 50%; z-index: 2147483000;
      background: var(--accent); color: #fff; display: grid; place-items: center; box-shadow: 0 4px 14px #0004; }
    .launch b { position: absolute; top: -4px; right: -4px; background: #b3261e; color: #fff; border-radius: 10px;
      min-width: 20px; font-size: 12px; line-height: 20px; padding: 0 5px; }
    .panel { display: flex; flex-direction: column; background: var(--paper); color: var(--ink); border: 1px solid var(--line);
      border-radius: 14px; overflow: hidden; position: relative; }
    :host([inline]) .panel { height: 100%; min-height: inherit; }
    :host(:not([inline])) .panel { position: fixed; right: 20px; bottom: 88px; width: min(390px, calc(100vw - 24px));
      height: min(620px, calc(100dvh - 110px)); z-index: 2147483000; box-shadow: 0 8px 30px #0005; }
    header { display: flex; align-items: center; justify-content: space-between; padding: 10px 14px; background: var(--accent); color: #fff; }
    header h2 { font-size: 1rem; margin: 0; }
    .line { padding: 4px 14px; font-size: 13px; color: var(--faint); background: var(--soft); }
    .log { flex: 1; overflow-y: auto; padding: 12px; display: flex; flex-direction: column; gap: 10px; }
    .log > div { max-width: 85%; align-self: flex-start; }
    .log > .mine { align-self: flex-end; }
    .bubble { background: var(--soft); border-radius: 12px; padding: 8px 11px; overflow-wrap: anywhere; white-space: pre-wrap; }
    .mine .bubble { background: var(--accent); color: #fff; }
    .bubble a { color: inherit; }
    .meta { font-size: 12px; color: var(--faint); padding: 2px 4px; }
    .mine .meta { text-align: right; }
    .meta button { text-decoration: underline; padding: 0 4px; }
    .who { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    .files { display: flex; flex-direction: column; gap: 6px; white-space: normal; }
    .files:not(:first-child) { margin-top: 6px; }
    .thumb { padding: 0; display: block; width: fit-content; border-radius: 8px; overflow: hidden; line-height: 0; background: #8883; }
    .thumb img { width: auto; height: auto; max-width: 100%; max-height: 220px; min-width: 48px; min-height: 32px; object-fit: contain; }
    .file { display: flex; gap: 8px; align-items: center; }
    .file svg { flex: none; }
    .file small, figcaption { opacity: .85; font-size: 13px; }
    figure { margin: 0; }
    audio, video { max-width: 100%; }
    .alert { color: var(--alarm); padding: 6px 14px; font-size: 14px; margin: 0; }
    .chips { list-style: none; margin: 0; padding: 0 10px; max-height: 40%; overflow-y: auto; }
    .chips li { display: grid; grid-template-columns: 40px 1fr auto; gap: 2px 8px; align-items: center; padding: 6px 0; border-top: 1px solid var(--line); }
    .chips .mark { width: 40px; height: 40px; grid-row: span 2; border-radius: 6px; object-fit: cover; background: var(--soft);
      display: grid; place-items: center; }
    .chips .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 14px; }
    .chips input { grid-column: 2 / 4; width: 100%; }
    .chips progress { width: 100%; grid-column: 2 / 4; height: 6px; accent-color: var(--accent); }
    form { display: flex; align-items: flex-end; gap: 4px; padding: 8px; border-top: 1px solid var(--line); }
    textarea, input { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 7px 9px; }
    input { font-size: 13px; padding: 4px 7px; }
    textarea { flex: 1; resize: none; max-height: 140px; min-height: 38px; field-sizing: content; }
    form button { width: 38px; height: 38px; display: grid; place-items: center; color: var(--mark); }
    .veil { position: absolute; inset: 0; display: grid; place-items: center; background: color-mix(in srgb, var(--accent) 85%, transparent);
      color: #fff; font-size: 1.1rem; pointer-events: none; }
    dialog { border: 0; padding: 0; background: transparent; max-width: 96vw; max-height: 96vh; color: #fff; text-align: center; }
    dialog::backdrop { background: #000d; }
    dialog img { max-width: 94vw; max-height: 86vh; object-fit: contain; }
    dialog div { display: flex; justify-content: center; gap: 16px; padding: 6px; }
    dialog a { color: #fff; align-self: center; }
    @media (forced-colors: active) { .bubble, .thumb { border: 1px solid; } }
    @media (max-width: 480px) { :host(:not([inline])) .panel { right: 12px; bottom: 84px; } }
  `;

  const ICONS = {
    chat: "M4 4h16v12H8l-4 4z",
    close: "M6 6l12 12M18 6L6 18",
    clip: "M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.4 3.4 0 015 5l-8.5 8.5a1.7 1.7 0 01-2.5-2.5L15 7",
    send: "M4 12l16-8-6 16-3-7z",
    file: "M6 3h8l4 4v14H6zM14 3v4h4",
  };

  /* Elements are built, never parsed: nothing that anyone wrote can become markup. */
  const el = (tag, props = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(props)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value != null && value !== "") made.setAttribute(key, value);
    }
    made.append(...children.filter((c) => c != null));
    return made;
  };
  const icon = (name, size = 22) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const look = { viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linejoin": "round", "stroke-linecap": "round", "aria-hidden": "true" };
    for (const [key, value] of Object.entries(look)) svg.setAttribute(key, value);
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  };
  const linked = (text) => text.split(/(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/).map((piece, i) =>
    i % 2 ? el("a", { href: piece, target: "_blank", rel: "noopener noreferrer nofollow" }, piece) : piece);
  const size = (bytes) => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  const backoff = (tries) => Math.min(15000, 400 * 2 ** Math.min(tries, 6)) * (0.7 + Math.random() * 0.6);
  const passing = (status) => status === 0 || status === 408 || status === 429 || (status >= 500 && status !== 507);

  class Refusal extends Error {
    constructor(status, code, message) { super(message); this.status = status; this.code = code; }
  }

  /* The inbox, over HTTP: renews the session when its token has run out, and tries passing faults again. */
  class Inbox {
    constructor(base) {
      this.base = base;
      this.place = `mediacore-chat ${base}`;
      this.token = "";
      try { this.token = localStorage.getItem(this.place) || ""; } catch { /* a page may have no storage */ }
      this.onsession = () => {};
    }

    headers(more = {}) { return { ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}), ...more }; }

    session() {
      this.opening ||= (async () => {
        const answer = await fetch(`${this.base}/session`, { method: "POST", headers: this.headers() });
        if (!answer.ok) throw await this.refusal(answer);
        const told = await answer.json();
        this.token = told.token;
        try { localStorage.setItem(this.place, told.token); } catch { /* then the session lasts as long as the page */ }
        this.onsession(told);
        return told;
      })().finally(() => { this.opening = null; });
      return this.opening;
    }

    async refusal(answer) {
      const told = await answer.json().catch(() => ({}));
      return new Refusal(answer.status, told.error?.code || "", told.error?.message || `HTTP ${answer.status}`);
    }

    /* One request, repeated until it is answered; every request of this chat may be repeated without harm. */
    async ask(method, path, { headers = {}, body, signal, onwait } = {}) {
      for (let tries = 0; ; tries++) {
        let answer = null;
        try {
          answer = await fetch(`${this.base}/${path}`, { method, headers: this.headers(headers), body, signal });
        } catch (error) {
          if (signal?.aborted) throw error;
        }
        if (answer?.ok) return answer;
        if (answer?.status === 401 && tries < 3) await this.session().catch(() => {});
        else if (answer && !passing(answer.status)) throw await this.refusal(answer);
        else { onwait?.(); await pause(backoff(tries)); }
        if (signal?.aborted) throw new DOMException("cancelled", "AbortError");
      }
    }
  }

  /* One file on its way up: tus in chunks, with progress, resumed by HEAD after every break. */
  class Upload {
    constructor(inbox, file) {
      this.inbox = inbox; this.file = file; this.caption = ""; this.loaded = 0;
      this.name = file.name || "file";
      this.stop = new AbortController();
      this.preview = INLINE_IMAGES.includes(file.type) ? URL.createObjectURL(file) : "";
      this.onchange = () => {};
      this.begin();
    }

    begin() {
      this.failed = false;
      this.done = this.run();
      this.done.catch(() => { this.failed = true; }); // whoever sends the message hears why
    }

    async run() {
      const tus = { "Tus-Resumable": "1.0.0" }, signal = this.stop.signal;
      const metadata = `filename ${base64(this.name)},filetype ${base64(this.file.type)}`;
      const made = await this.inbox.ask("POST", "uploads", { signal, headers: { ...tus, "Upload-Length": this.file.size, "Upload-Metadata": metadata } });
      this.path = made.headers.get("Location");
      for (let offset = 0, tries = 0; offset < this.file.size;) {
        const { status, reached, error } = await this.patch(offset);
        if (signal.aborted) throw new DOMException("cancelled", "AbortError");
        if (status === 204) { offset = reached; tries = 0; continue; }
        if (status === 404) return this.run(); // it waited too long and was thrown away
        if (!passing(status) && ![401, 409, 423].includes(status)) throw error;
        await pause(backoff(tries++));
        const head = await this.inbox.ask("HEAD", this.path, { signal, headers: tus });
        offset = Number(head.headers.get("Upload-Offset"));
      }
      this.loaded = this.file.size;
      this.onchange();
      return this.path.split("/").pop();
    }

    /* XMLHttpRequest, since fetch tells nothing of an upload's progress. */
    patch(offset) {
      return new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open("PATCH", `${this.inbox.base}/${this.path}`);
        const headers = this.inbox.headers({ "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset });
        for (const [key, value] of Object.entries(headers)) request.setRequestHeader(key, value);
        request.upload.onprogress = (event) => { this.loaded = offset + event.loaded; this.onchange(); };
        request.onloadend = () => {
          let told = {};
          try { told = JSON.parse(request.responseText).error; } catch { /* no words came */ }
          resolve({ status: request.status, reached: Number(request.getResponseHeader("Upload-Offset")), error: new Refusal(request.status, told.code, told.message || `HTTP ${request.status}`) });
        };
        this.stop.signal.addEventListener("abort", () => request.abort(), { once: true });
        request.send(this.file.slice(offset, offset + CHUNK));
      });
    }

    cancel() {
      this.stop.abort();
      if (this.path) fetch(`${this.inbox.base}/${this.path}`, { method: "DELETE", headers: this.inbox.headers({ "Tus-Resumable": "1.0.0" }) }).catch(() => {});
    }
  }

  class MediacoreChat extends HTMLElement {
    connectedCallback() {
      this.watch();
      if (this.inbox) { this.connect(); return; }
      const asked = this.getAttribute("lang") || this.closest("[lang]")?.lang || navigator.language || "en";
      this.words = { ...WORDS.en, ...WORDS[asked.slice(0, 2).toLowerCase()] };
      const [hour, day] = [{ timeStyle: "short" }, { dateStyle: "medium", timeStyle: "short" }].map((style) => new Intl.DateTimeFormat(asked, style));
      this.when = (at) => (new Date(at).toDateString() === new Date().toDateString() ? hour : day).format(at);
      this.inbox = new Inbox((this.getAttribute("src") || HOME).replace(/\/$/, ""));
      this.inbox.onsession = (told) => this.settle(told);
      this.entries = new Map(); this.outbox = new Map(); this.chosen = []; this.previews = new Map();
      this.after = 0; this.tries = 0; this.told = new Map(); this.limits = { max_bytes: Infinity, max_files: 15, max_text: 150000 };
      this.build();
      this.connect();
    }

    watch() {
      this.leaving = new AbortController();
      const signal = this.leaving.signal;
      document.addEventListener("visibilitychange", () => this.acknowledge(), { signal });
      addEventListener("beforeunload", (event) => {
        if ([...this.outbox.values()].some((m) => !m.taken)) event.preventDefault();
      }, { signal });
    }

    disconnectedCallback() {
      this.gone = true;
      this.leaving.abort();
      this.socket?.close();
    }

    t(key, values = {}) { return this.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]); }

    /* ---- the page ---- */

    build() {
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
      const inline = this.hasAttribute("inline");
      this.heading = el("h2", {}, "…");
      this.line = el("div", { class: "line", role: "status", hidden: true });
      this.log = el("div", { class: "log", role: "log", "aria-label": this.t("log"), "aria-live": "polite", tabindex: "0" });
      this.alarm = el("p", { class: "alert", role: "alert", id: "alarm" });
      this.alarm.hidden = true;
      this.chips = el("ul", { class: "chips", "aria-label": this.t("chosen") });
      this.box = el("textarea", { rows: 1, "aria-label": this.t("write"), placeholder: this.t("write"), "aria-describedby": "alarm" });
      this.picker = el("input", { type: "file", multiple: true, tabindex: "-1", "aria-hidden": "true", onchange: () => { this.choose([...this.picker.files]); this.picker.value = ""; } });
      this.picker.hidden = true;
      const form = el("form", { onsubmit: (event) => { event.preventDefault(); this.send(); } },
        el("button", { type: "button", class: "attach", "aria-label": this.t("attach"), title: this.t("attach"), onclick: () => this.picker.click() }, icon("clip")),
        this.picker, this.box,
        el("button", { type: "submit", "aria-label": this.t("send"), title: this.t("send") }, icon("send")));
      const shut = inline ? null : el("button", { type: "button", "aria-label": this.t("close"), onclick: () => this.toggle(false) }, icon("close"));
      this.veil = el("div", { class: "veil", hidden: true }, this.t("drop"));
      this.panel = el("section", { class: "panel", "aria-label": this.t("log") }, el("header", {}, this.heading, shut), this.line, this.log, this.alarm, this.chips, form, this.veil);
      this.badge = el("b", { hidden: true });
      this.launch = el("button", { type: "button", class: "launch", "aria-label": this.t("open"), "aria-expanded": "false", onclick: () => this.toggle(this.panel.hidden) }, icon("chat", 26), this.badge);
      this.viewer = el("dialog", {});
      root.append(this.panel, this.viewer, ...(inline ? [] : [this.launch]));
      this.panel.hidden = !inline && !this.hasAttribute("open");
      this.launch.setAttribute("aria-expanded", String(!this.panel.hidden));
      this.listen();
    }

    /* Keep the newest in view unless the visitor has scrolled up; pictures grow when they arrive. */
    bottom(always = false) {
      if (always) this.low = true;
      if (this.low) this.log.scrollTop = this.log.scrollHeight;
    }

    listen() {
      this.low = true;
      this.log.addEventListener("scroll", () => { this.low = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60; });
      new ResizeObserver(() => this.bottom()).observe(this.log);
      this.log.addEventListener("load", () => this.bottom(), true);
      this.box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
      });
      this.panel.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !this.hasAttribute("inline")) this.toggle(false);
      });
      this.box.addEventListener("paste", (event) => {
        const files = [...event.clipboardData.files];
        // an office program puts a picture beside the words it copies: the words are meant
        if (files.length && !event.clipboardData.types.includes("text/plain")) { event.preventDefault(); this.choose(files); }
      });
      const dragging = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
      this.panel.addEventListener("dragover", (event) => { if (dragging(event)) { event.preventDefault(); this.veil.hidden = false; } });
      this.panel.addEventListener("dragleave", (event) => { if (!this.panel.contains(event.relatedTarget)) this.veil.hidden = true; });
      this.panel.addEventListener("drop", async (event) => {
        if (!dragging(event)) return;
        event.preventDefault();
        this.veil.hidden = true;
        this.choose(await dropped(event.dataTransfer));
      });
      this.viewer.addEventListener("click", (event) => { if (event.target === this.viewer) this.viewer.close(); });
    }

    toggle(open) {
      this.panel.hidden = !open;
      this.launch.setAttribute("aria-expanded", String(open));
      this.launch.setAttribute("aria-label", this.t(open ? "close" : "open"));
      (open ? this.box : this.launch).focus();
      if (open) { this.bottom(true); this.acknowledge(); }
      this.count();
    }

    settle(told) {
      this.heading.textContent = told.title;
      this.panel.setAttribute("aria-label", told.title);
      this.limits = told;
      if (this.visitor && this.visitor !== told.visitor) { // the old session is gone, and its conversation with it
        this.entries.forEach(({ node }) => node.remove());
        this.entries.clear(); this.told.clear(); this.after = 0;
        this.socket?.close();
      }
      this.visitor = told.visitor;
    }

    say(text) { this.line.textContent = text; this.line.hidden = !text; }

    warn(text) { this.alarm.textContent = text; this.alarm.hidden = !text; }

    /* ---- writing ---- */

    choose(files) {
      this.warn("");
      for (const file of files) {
        if (this.chosen.length >= this.limits.max_files) this.warn(this.t("many", { count: this.limits.max_files }));
        else if (file.size === 0) this.warn(this.t("empty", { name: file.name }));
        else if (file.size > this.limits.max_bytes) this.warn(this.t("large", { name: file.name, size: size(this.limits.max_bytes) }));
        else this.chip(new Upload(this.inbox, file));
      }
    }

    chip(upload) {
      this.chosen.push(upload);
      const bar = el("progress", { max: upload.file.size, value: "0", "aria-label": this.t("uploading", { name: upload.name }) });
      const caption = el("input", { maxlength: 2000, placeholder: this.t("caption", { name: upload.name }), "aria-label": this.t("caption", { name: upload.name }), oninput: () => { upload.caption = caption.value; } });
      caption.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); this.send(); } });
      const remove = el("button", { type: "button", "aria-label": this.t("remove", { name: upload.name }), onclick: () => {
        upload.cancel();
        this.chosen = this.chosen.filter((u) => u !== upload);
        upload.chip.remove();
        this.box.focus();
      } }, icon("close", 18));
      const mark = upload.preview ? el("img", { class: "mark", src: upload.preview, alt: "" }) : el("span", { class: "mark" }, icon("file"));
      upload.chip = el("li", {}, mark, el("span", { class: "name", title: upload.name }, `${upload.name} · ${size(upload.file.size)}`), remove, caption, bar);
      upload.onchange = () => { bar.value = upload.loaded; bar.hidden = upload.loaded >= upload.file.size; };
      upload.done.catch((error) => { if (error.name !== "AbortError") this.warn(this.t("failed", { why: error.message })); });
      this.chips.append(upload.chip);
    }

    send() {
      const text = this.box.value.trim();
      if (!text && !this.chosen.length) return;
      if (text.length > this.limits.max_text) { this.warn(this.t("long")); return; }
      this.warn("");
      const message = { id: newId(), text, uploads: this.chosen, at: Date.now() / 1000, taken: false };
      this.chosen = [];
      this.chips.replaceChildren();
      this.box.value = "";
      this.outbox.set(message.id, message);
      if (message.uploads.some((u) => u.preview)) this.previews.set(message.id, message.uploads.map((u) => u.preview));
      message.node = el("div", { class: "mine" });
      this.log.append(message.node);
      this.draw(message, this.t("sending"));
      this.bottom(true);
      this.post(message);
      this.box.focus();
    }

    /* Messages leave in the order in which they were written. */
    post(message) {
      this.line_of_messages = (this.line_of_messages || Promise.resolve()).then(() => this.deliver(message));
    }

    async deliver(message) {
      if (message.dropped) return;
      message.stop = new AbortController();
      try {
        const ids = await Promise.all(message.uploads.map((u) => u.done));
        const files = message.uploads.map((u, i) => ({ upload: ids[i], name: u.name, caption: u.caption }));
        const body = JSON.stringify({ id: message.id, text: message.text, files, name: this.getAttribute("name") || "" });
        await this.inbox.ask("POST", "messages", { body, signal: message.stop.signal, headers: { "Content-Type": "application/json" }, onwait: () => this.draw(message, this.t("waiting")) });
        message.taken = true;
        this.draw(message, this.t("sent"));
      } catch (error) {
        if (error.name === "AbortError" || message.dropped) return;
        if (error.code === "gone" && !message.again) { // an upload waited too long and was thrown away
          message.again = true;
          message.uploads.forEach((u) => u.begin());
          await this.deliver(message);
          return;
        }
        this.draw(message, this.t("failed", { why: error.code === "origin" ? this.t("unavailable") : error.message }), true);
      }
    }

    draw(message, state, failed = false) {
      if (!message.node.isConnected) return;
      const files = message.uploads.map((upload) => {
        const bar = el("progress", { max: upload.file.size, value: String(upload.loaded), "aria-label": this.t("uploading", { name: upload.name }) });
        upload.onchange = () => { bar.value = upload.loaded; bar.hidden = upload.loaded >= upload.file.size; };
        upload.onchange();
        const look = upload.preview ? el("span", { class: "thumb" }, el("img", { src: upload.preview, alt: upload.caption || upload.name })) : this.row(upload.name, size(upload.file.size));
        return el("figure", {}, look, upload.caption ? el("figcaption", {}, upload.caption) : null, bar);
      });
      const drop = () => {
        message.dropped = true;
        message.stop?.abort();
        message.uploads.forEach((u) => u.cancel());
        this.outbox.delete(message.id);
        message.node.remove();
        this.box.focus();
      };
      const again = failed ? el("button", { type: "button", onclick: () => {
        message.uploads.forEach((u) => { if (u.failed) u.begin(); });
        this.draw(message, this.t("sending"));
        this.post(message);
      } }, this.t("retry")) : null;
      const cancel = message.taken ? null : el("button", { type: "button", onclick: drop }, this.t("cancel"));
      message.node.replaceChildren(...this.bubble(this.t("you"), message.text, files), el("div", { class: "meta" }, state, again, cancel));
    }

    /* ---- reading ---- */

    async connect() {
      this.gone = false;
      if (this.looping) return;
      this.looping = true;
      while (!this.gone) {
        try {
          if (!this.known) await this.inbox.session();
          this.known = true;
          if (await this.attend() === 4401) this.forget();
        } catch (error) {
          if (error.code === "origin") { this.say(this.t("unavailable")); break; }
        }
        if (this.gone) break;
        this.say(this.t("offline"));
        this.tries++;
        await pause(backoff(this.tries));
        if (this.tries > 2) await this.catchUp(); // some proxies let no socket through
      }
      this.looping = false;
    }

    /* One socket, until it closes; returns why. */
    attend() {
      return new Promise((resolve) => {
        const address = new URL(`${this.inbox.base}/socket`, location.href);
        address.protocol = address.protocol.replace("http", "ws");
        address.search = new URLSearchParams({ token: this.inbox.token, after: this.after });
        const socket = this.socket = new WebSocket(address);
        socket.onmessage = (event) => { this.tries = 0; this.say(""); this.take(JSON.parse(event.data)); };
        socket.onclose = (event) => resolve(event.code);
      });
    }

    /* The token is worth nothing any more: the next session is a new visitor's. */
    forget() {
      this.known = false;
      this.inbox.token = "";
    }

    async catchUp() {
      try {
        const answer = await fetch(`${this.inbox.base}/history?after=${this.after}`, { headers: this.inbox.headers() });
        if (answer.ok) { this.take(await answer.json()); this.say(""); }
        else if (answer.status === 401) this.forget();
      } catch { /* the line is still down */ }
    }

    take(frame) {
      frame.entries.forEach((entry) => this.show(entry));
      if (frame.after != null) this.after = frame.after;
      this.bottom();
      this.count();
      this.acknowledge();
    }

    show(entry) {
      const known = this.entries.get(entry.id);
      const looks = JSON.stringify([entry.text, entry.files.map((f) => [f.name, f.state, f.caption, !f.thumb])]);
      const item = known || { node: el("div", { class: entry.mine ? "mine" : "" }), seq: entry.seq };
      item.entry = entry;
      item.fetched = Date.now();
      this.entries.set(entry.id, item);
      if (known && known.looks === looks) return; // only its status changed: nothing to read out again
      item.looks = looks;
      const time = el("time", { datetime: new Date(entry.at * 1000).toISOString() }, this.when(entry.at * 1000));
      const files = entry.files.map((file, i) => this.file(item, i));
      item.node.replaceChildren(...this.bubble(this.t(entry.mine ? "you" : "desk"), entry.text, files), el("div", { class: "meta" }, time));
      const sent = entry.mine && this.outbox.get(entry.client_id);
      if (sent) {
        sent.taken = true;
        this.outbox.delete(entry.client_id);
        sent.node.replaceWith(item.node);
      }
      if (known || sent) return;
      const later = [...this.entries.values()].filter((o) => o !== item && o.node.isConnected && (o.entry.at > entry.at || (o.entry.at === entry.at && o.seq > item.seq)));
      const next = later.sort((a, b) => a.entry.at - b.entry.at || a.seq - b.seq)[0];
      const waiting = [...this.outbox.values()][0];
      this.log.insertBefore(item.node, next?.node || (waiting?.node.isConnected ? waiting.node : null));
    }

    bubble(who, text, files) {
      const parts = [el("span", { class: "who" }, `${who}: `)];
      if (text || files.length) parts.push(el("div", { class: "bubble" }, ...linked(text || ""), files.length ? el("div", { class: "files" }, ...files) : null));
      return parts;
    }

    row(name, note) { return el("span", { class: "file" }, icon("file"), el("span", {}, name, " ", el("small", {}, note))); }

    file(item, index) {
      const file = item.entry.files[index];
      const local = item.entry.mine && this.previews.get(item.entry.client_id)?.[index];
      const caption = file.caption ? el("figcaption", {}, file.caption) : null;
      const alt = file.caption || file.name;
      if (!file.url) {
        const state = this.words[file.state] || file.state;
        const look = local ? el("span", { class: "thumb" }, el("img", { src: local, alt })) : this.row(file.name, state);
        return el("figure", {}, look, caption);
      }
      const address = (thumb) => { const now = item.entry.files[index]; return `${this.inbox.base}/${(thumb && now.thumb) || now.url}`; };
      if (INLINE_IMAGES.includes(file.type)) {
        const image = el("img", { src: address(true), alt, loading: "lazy", width: file.width || null, height: file.height || null });
        image.addEventListener("error", async () => { await this.freshen(item); image.src = address(true); }, { once: true });
        const open = el("button", { type: "button", class: "thumb", "aria-label": this.t("view", { name: alt }), onclick: async () => { await this.freshen(item); this.enlarge(address(false), alt, file.name); } }, image);
        return el("figure", {}, open, caption);
      }
      const link = el("a", { class: "file", href: address(false), download: file.name, rel: "noopener noreferrer", "aria-label": `${this.t("download", { name: file.name })}, ${size(file.size)}` },
        icon("file"), el("span", {}, file.name, " ", el("small", {}, size(file.size))));
      link.addEventListener("click", async (event) => {
        if (Date.now() - item.fetched < TICKET_MS) return;
        event.preventDefault();
        await this.freshen(item);
        link.href = address(false);
        link.click();
      });
      const player = /^(audio\/(mpeg|mp4|ogg)|video\/(mp4|webm))$/.test(file.type) ? el(file.type.slice(0, 5), { controls: true, preload: "none", src: address(false), "aria-label": alt }) : null;
      return el("figure", {}, player, link, caption);
    }

    /* New addresses for an entry's files, when the old ones have run out. */
    async freshen(item) {
      if (Date.now() - item.fetched < TICKET_MS) return;
      const answer = await this.inbox.ask("GET", `history?after=${item.entry.seq - 1}`).catch(() => null);
      if (answer) (await answer.json()).entries.forEach((entry) => this.show(entry));
    }

    enlarge(address, alt, name) {
      const close = el("button", { type: "button", "aria-label": this.t("back"), onclick: () => this.viewer.close() }, icon("close"));
      const save = el("a", { href: address, download: name, target: "_blank", rel: "noopener noreferrer" }, this.t("download", { name }));
      this.viewer.replaceChildren(el("img", { src: address, alt }), el("div", {}, save, close));
      this.viewer.showModal();
    }

    /* What is on the page, and what a person has before their eyes; told until the ledger says so too. */
    acknowledge() {
      if (this.socket?.readyState !== WebSocket.OPEN) return;
      const theirs = [...this.entries.values()].map((item) => item.entry).filter((entry) => !entry.mine);
      const seen = theirs.filter((e) => e.status === "sent" && this.told.get(e.id) !== this.socket).map((e) => e.id);
      seen.forEach((id) => this.told.set(id, this.socket));
      const looking = !this.panel.hidden && document.visibilityState === "visible";
      const unread = looking ? theirs.filter((e) => e.status !== "read") : [];
      const last = unread.sort((a, b) => a.at - b.at).pop();
      const read = last && (this.readId !== last.id || this.readOn !== this.socket) ? last.id : "";
      if (read) {
        [this.readId, this.readOn] = [read, this.socket];
        theirs.forEach((e) => { e.looked = true; });
      }
      if (seen.length || read) this.socket.send(JSON.stringify({ seen, read }));
      this.count();
    }

    count() {
      const fresh = [...this.entries.values()].filter(({ entry }) => !entry.mine && entry.status !== "read" && !entry.looked).length;
      this.badge.textContent = fresh || "";
      this.badge.hidden = !fresh || !this.panel.hidden;
    }
  }

  /* The files of a drop, those inside folders included. */
  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
    const files = [];
    const walk = async (entry) => {
      if (entry.isFile) { files.push(await new Promise((resolve, reject) => entry.file(resolve, reject))); return; }
      const reader = entry.createReader();
      for (;;) {
        const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!batch.length || files.length > 100) return;
        for (const inner of batch) await walk(inner);
      }
    };
    for (const entry of entries) await walk(entry);
    return files;
  }

  if (!customElements.get("mediacore-chat")) customElements.define("mediacore-chat", MediacoreChat);
})();
