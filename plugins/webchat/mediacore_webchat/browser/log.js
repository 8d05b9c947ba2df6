/* The conversation as it stands in the inbox, and what of it the visitor has seen. */
class Log {
  constructor(chat) {
    this.chat = chat; this.entries = new Map(); this.after = 0; this.told = new Map(); this.low = true;
    // quiet until the conversation so far is there, so that a screen reader does not read all of it out
    this.node = el("div", { class: "log", role: "log", "aria-label": chat.t("log"), "aria-live": "off", tabindex: "0" });
    this.welcome = el("p", { class: "welcome", dir: "auto" }, chat.getAttribute("welcome") || chat.t("welcome"));
    this.node.append(this.welcome);
    this.node.addEventListener("scroll", () => { this.low = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 60; });
    this.node.addEventListener("load", () => this.bottom(), true);
    new ResizeObserver(() => this.bottom()).observe(this.node);
  }

  /* Keep the newest in view unless the visitor has scrolled up; pictures grow when they arrive. */
  bottom(always = false) {
    if (always) this.low = true;
    if (this.low) this.node.scrollTop = this.node.scrollHeight;
  }

  clear() {
    this.entries.forEach(({ node }) => node.remove());
    this.entries.clear(); this.told.clear(); this.after = 0;
    this.node.setAttribute("aria-live", "off");
  }

  append(node) {
    this.welcome.hidden = true;
    this.node.append(node);
    this.bottom(true);
  }

  has(clientId) { return [...this.entries.values()].some(({ entry }) => entry.mine && entry.client_id === clientId); }

  take(frame) {
    const live = this.node.getAttribute("aria-live") === "polite";
    const fresh = frame.entries.filter((e) => !e.mine && !this.entries.has(e.id));
    frame.entries.forEach((entry) => this.show(entry));
    if (frame.after != null) { this.after = frame.after; if (!live) setTimeout(() => this.node.setAttribute("aria-live", "polite"), 100); }
    this.bottom();
    this.acknowledge();
    if (live && fresh.length && this.chat.panel.hidden) this.chat.cry(this.chat.t("came"));
  }

  show(entry) {
    const { t } = this.chat, known = this.entries.get(entry.id);
    const looks = JSON.stringify([entry.text, entry.files.map((f) => [f.name, f.state, f.caption, !f.thumb])]);
    const node = known ? null : entry.mine && this.chat.outbox.adopt(entry.client_id);
    const item = known || { node: node || el("div", { class: entry.mine ? "mine" : "" }), seq: entry.seq };
    item.entry = entry;
    item.fetched = Date.now();
    this.entries.set(entry.id, item);
    if (known && known.looks === looks) return; // only its status changed: nothing to read out again
    item.looks = looks;
    const previews = (entry.mine && this.chat.previews.get(entry.client_id)) || [];
    const files = entry.files.map((_, i) => this.chat.files.sent(item, i, previews[i]));
    const time = el("time", { datetime: new Date(entry.at * 1000).toISOString() }, this.chat.when(entry.at * 1000));
    const meta = el("div", { class: "meta" }, time, entry.mine ? ` · ${t("sent")}` : "");
    if (node?.isConnected && !files.length) node.lastElementChild.replaceWith(meta); // its words stand there already
    else item.node.replaceChildren(...this.bubble(t(entry.mine ? "you" : "desk"), entry.text, files), meta);
    if (!known && !node?.isConnected) this.insert(item);
  }

  /* In the order of time, before what is still on its way. */
  insert(item) {
    this.welcome.hidden = true;
    const { at } = item.entry;
    const later = [...this.entries.values()].filter((o) => o !== item && o.node.isConnected && (o.entry.at > at || (o.entry.at === at && o.seq > item.seq)));
    const next = later.sort((a, b) => a.entry.at - b.entry.at || a.seq - b.seq)[0];
    const waiting = [...this.chat.outbox.messages.values()].find((m) => m.node?.isConnected);
    this.node.insertBefore(item.node, next?.node || waiting?.node || null);
  }

  bubble(who, text, files) {
    const words = text ? el("div", { class: "words", dir: "auto" }, ...linked(text)) : null;
    const parts = [el("span", { class: "who" }, `${who}: `)];
    if (words || files.length) parts.push(el("div", { class: "bubble" }, words, files.length ? el("div", { class: "files" }, ...files) : null));
    return parts;
  }

  /* What is on the page, and what a person has before their eyes; told until the ledger says so too. */
  acknowledge() {
    const way = this.chat.line.way();
    if (way) {
      const theirs = [...this.entries.values()].map((item) => item.entry).filter((entry) => !entry.mine);
      const seen = theirs.filter((e) => e.status === "sent" && this.told.get(e.id) !== way).map((e) => e.id);
      seen.forEach((id) => this.told.set(id, way));
      const looking = !this.chat.panel.hidden && document.visibilityState === "visible";
      const last = (looking ? theirs.filter((e) => e.status !== "read") : []).sort((a, b) => a.at - b.at).pop();
      const read = last && (this.readId !== last.id || this.readOn !== way) ? last.id : "";
      if (read) {
        [this.readId, this.readOn] = [read, way];
        theirs.forEach((e) => { e.looked = true; });
      }
      if (seen.length || read) this.chat.line.tell({ seen, read });
    }
    this.chat.count([...this.entries.values()].filter(({ entry }) => !entry.mine && entry.status !== "read" && !entry.looked).length);
  }
}
