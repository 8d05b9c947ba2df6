class MediacoreChat extends HTMLElement {
  static observedAttributes = ["identity"];

  connectedCallback() {
    this.leaving = new AbortController();
    const signal = this.leaving.signal;
    document.addEventListener("visibilitychange", () => this.log?.acknowledge(), { signal });
    addEventListener("online", () => this.line?.wake?.(), { signal });
    addEventListener("pagehide", () => this.composer?.save(), { signal });
    addEventListener("beforeunload", (event) => { if (this.outbox?.atRisk()) event.preventDefault(); }, { signal });
    if (this.line) this.line.connect(); else if (!this.beginning) this.beginning = this.begin();
  }

  disconnectedCallback() {
    this.leaving.abort();
    this.composer?.ending?.(false);
    this.line?.close();
  }

  attributeChangedCallback(_, old, now) { if (this.line && old !== now) this.line.restart(); }

  async begin() {
    const base = (this.getAttribute("src") || HOME).replace(/\/$/, "");
    const asked = language(this);
    this.words = { ...ENGLISH, ...await this.spoken(base, primary(asked)), ...await this.fetched(this.getAttribute("words")) };
    this.direction = this.getAttribute("dir") || (RIGHT_TO_LEFT.includes(primary(asked)) ? "rtl" : "ltr");
    this.t = (key, values = {}) => this.words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
    const [hour, day] = [{ timeStyle: "short" }, { dateStyle: "medium", timeStyle: "short" }].map((style) => new Intl.DateTimeFormat(asked, style));
    this.when = (at) => (new Date(at).toDateString() === new Date().toDateString() ? hour : day).format(at);
    this.inbox = new Inbox(base, () => this.identity());
    this.inbox.onsession = (told) => this.settle(told);
    this.limits = { max_bytes: Infinity, max_files: 15, max_text: 150000 };
    this.previews = new Map();
    this.drawer = new Drawer(this.inbox.place);
    this.files = new FileViews(this);
    this.log = new Log(this);
    this.composer = new Composer(this);
    this.outbox = new Outbox(this);
    this.build();
    this.line = new Line(this);
    if (this.isConnected) this.line.connect();
  }

  spoken(base, tag) { return tag === primary("en") ? {} : this.fetched(`${base}/words/${encodeURIComponent(tag)}.json`); }

  /* Words from a file; those that are missing stay English. */
  async fetched(url) {
    if (!url) return {};
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
      return answer.ok ? await answer.json() : {};
    } catch { return {}; }
  }

  /* What the site's backend signed for this visitor. */
  async identity() {
    const source = this.getAttribute("identity-src");
    if (!source) return this.getAttribute("identity") || "";
    const answer = await fetch(source, { credentials: "same-origin", cache: "no-store" });
    if (answer.status === 204 || answer.status === 401) return ""; // nobody is signed in
    if (!answer.ok) throw new Refusal(answer.status, "", `HTTP ${answer.status}`);
    return (await answer.text()).trim();
  }

  build() {
    const { t, direction: dir } = this, root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS); // a constructed sheet needs no leave from a page's style-src
    root.adoptedStyleSheets = [sheet];
    const inline = this.hasAttribute("inline");
    this.heading = el("h2", { dir: "auto" }, t("log"));
    this.state = el("div", { class: "line", role: "status", hidden: true });
    this.crier = el("div", { class: "who", role: "status" });
    const shut = inline ? null : el("button", { type: "button", "aria-label": t("close"), title: t("close"), onclick: () => this.toggle(false) }, icon("close"));
    const veil = el("div", { class: "veil", hidden: true }, t("drop"));
    this.panel = el("section", { class: "panel", dir, lang: language(this), "aria-label": t("log") }, el("header", {}, this.heading, shut), this.state, this.log.node, ...this.composer.parts, veil);
    this.badge = el("b", { hidden: true, "aria-hidden": "true" });
    this.launch = el("button", { type: "button", class: "launch", dir, "aria-label": t("open"), "aria-expanded": "false", onclick: () => this.toggle(this.panel.hidden) }, icon("chat", 26), this.badge);
    root.append(...(inline ? [] : [this.launch]), this.panel, this.files.viewer, this.crier);
    this.panel.hidden = !inline && !this.hasAttribute("open");
    this.launch.setAttribute("aria-expanded", String(!this.panel.hidden));
    this.composer.listen(this.panel, veil);
    this.panel.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !inline && !event.isComposing) this.toggle(false);
    });
  }

  toggle(open) {
    this.composer.ending?.(true);
    this.panel.hidden = !open;
    this.launch.setAttribute("aria-expanded", String(open));
    (open ? this.composer.box : this.launch).focus();
    if (open) this.log.bottom(true);
    this.log.acknowledge();
  }

  /* A session has begun, perhaps as somebody else than before. */
  async settle(told) {
    this.heading.textContent = this.getAttribute("heading") || told.title;
    this.panel.setAttribute("aria-label", this.heading.textContent);
    this.limits = told;
    const owner = told.until ? told.visitor : ""; // a nameless visitor's unsent words go with the next nameless session
    if (this.visitor && this.visitor !== told.visitor) { // the old session is gone, and its conversation with it
      this.log.clear();
      if (owner !== this.owner) { this.outbox.clear(); this.composer.clear(); }
      const socket = this.line.socket;
      this.line.socket = null;
      socket?.close();
    }
    const first = owner !== this.owner;
    this.visitor = told.visitor;
    this.owner = owner;
    if (!first) return;
    const records = await this.drawer.all();
    this.outbox.restore(records);
    this.composer.restore(records);
    this.outbox.messages.forEach((m) => this.outbox.keep(m));
    this.composer.save();
  }

  say(text) { if (this.state.textContent !== text) this.state.textContent = text; this.state.hidden = !text; }

  /* For screen readers only, while the panel is closed. */
  cry(text) { this.crier.textContent = ""; setTimeout(() => { this.crier.textContent = text; }, 50); }

  /* An error in the visitor's words. */
  reason(error) {
    if (error.code === "origin") return this.t("unavailable");
    if (error.code === "unreadable") return this.t("unreadable", { name: error.message });
    if (["identity", "expired"].includes(error.code)) return this.t("signedOut");
    return error.message;
  }

  count(fresh) {
    const closed = this.panel.hidden;
    this.badge.textContent = fresh || "";
    this.badge.hidden = !fresh || !closed;
    this.launch.setAttribute("aria-label", !closed ? this.t("close") : fresh ? this.t("openNew", { count: fresh }) : this.t("open"));
  }
}

if (!customElements.get("mediacore-chat")) customElements.define("mediacore-chat", MediacoreChat);
