/* Messages on their way: kept in the drawer until the inbox has taken them, sent in the order in which they were written. */
class Outbox {
  constructor(chat) {
    this.chat = chat; this.messages = new Map(); this.line = Promise.resolve();
  }

  /* Whether leaving the page now would lose something. */
  atRisk() { return !this.chat.drawer.works && [...this.messages.values()].some((m) => !m.taken); }

  send(text, uploads) {
    const message = { id: newId(), text, uploads, at: Date.now() / 1000, kept: true };
    this.keep(message);
    uploads.forEach((u) => { u.onpath = () => this.keep(message); });
    this.place(message);
    this.hold(message, () => {});
    this.post(message);
  }

  keep(message) {
    const { drawer, owner } = this.chat;
    if (!message.taken && !message.dropped && owner !== undefined) {
      drawer.put({ id: message.id, owner, at: message.at, text: message.text, files: message.uploads.map((u) => u.record()) });
    }
  }

  /* What was left over when the page was closed or reloaded. Two tabs may find it: who has its lock sends it. */
  restore(records) {
    const left = records.filter((r) => !r.id.startsWith("draft ") && r.owner === this.chat.owner && !this.messages.has(r.id));
    for (const record of left.sort((a, b) => a.at - b.at)) {
      if (this.chat.log.has(record.id)) { this.chat.drawer.remove(record.id); continue; }
      const message = { id: record.id, text: record.text, at: record.at, uploads: [] };
      this.messages.set(message.id, message);
      this.hold(message, async () => {
        if (message.dropped || message.taken || !(await this.chat.drawer.get(record.id))) { this.forget(message); return; }
        message.uploads = record.files.map((f) => new Upload(this.chat.inbox, f.file, f));
        message.uploads.forEach((u) => { u.onpath = () => this.keep(message); });
        this.place(message);
        this.post(message);
      });
    }
  }

  hold(message, begin) {
    if (!navigator.locks) { begin(); return; } // the inbox knows a second try by its id in any case
    navigator.locks.request(`${this.chat.inbox.place} ${message.id}`, () => new Promise((done) => { message.release = done; begin(); }));
  }

  forget(message) {
    this.messages.delete(message.id);
    message.release?.();
    message.node?.remove();
  }

  clear() {
    for (const message of this.messages.values()) {
      message.dropped = true;
      message.stop?.abort();
      message.uploads.forEach((u) => u.stop.abort());
      this.forget(message);
    }
  }

  place(message) {
    this.messages.set(message.id, message);
    this.chat.previews.set(message.id, message.uploads.map((u) => u.preview));
    const { t } = this.chat, files = message.uploads.map((u) => this.chat.files.own(u));
    message.meta = el("div", { class: "meta" });
    message.node = el("div", { class: "mine" }, ...this.chat.log.bubble(t("you"), message.text, files), message.meta);
    this.draw(message, t("sending"));
    this.chat.log.append(message.node);
  }

  post(message) { this.line = this.line.then(() => this.deliver(message)); }

  async deliver(message) {
    if (message.dropped || message.taken) return;
    const { t, inbox } = this.chat;
    message.stop = new AbortController();
    try {
      const ids = await Promise.all(message.uploads.map((u) => u.done));
      const files = message.uploads.map((u, i) => ({ upload: ids[i], name: u.name, caption: u.caption }));
      const body = JSON.stringify({ id: message.id, text: message.text, files, name: this.chat.getAttribute("name") || "" });
      await inbox.ask("POST", "messages", { body, signal: message.stop.signal, headers: { "Content-Type": "application/json" }, onwait: () => this.draw(message, t("waiting")) });
      this.taken(message);
    } catch (error) {
      if (error.name === "AbortError" || message.dropped || message.taken) return;
      if (error.code === "gone" && !message.again) { // an upload waited too long and was thrown away
        message.again = true;
        message.uploads.forEach((u) => u.begin());
        await this.deliver(message);
        return;
      }
      this.draw(message, t("failed", { why: this.chat.reason(error) }), true);
    }
  }

  taken(message) {
    message.taken = true;
    this.chat.drawer.remove(message.id);
    message.release?.();
    if (this.chat.log.has(message.id)) this.forget(message);
    else this.draw(message, this.chat.t("sent"));
  }

  /* The entry of a message came back: what stands on the page becomes the entry's. */
  adopt(id) {
    const message = this.messages.get(id);
    if (!message) return null;
    message.taken = true;
    message.stop?.abort();
    this.messages.delete(id);
    this.chat.drawer.remove(id);
    message.release?.();
    return message.node || null;
  }

  draw(message, state, failed = false) {
    const { t } = this.chat;
    const again = failed ? el("button", { type: "button", onclick: () => {
      message.uploads.forEach((u) => { if (u.failed) u.begin(); });
      this.draw(message, t("sending"));
      this.post(message);
    } }, t("retry")) : null;
    const cancel = message.taken ? null : el("button", { type: "button", onclick: () => this.drop(message) }, t("cancel"));
    message.meta.replaceChildren(el("span", failed ? { class: "bad", role: "alert" } : {}, state), again || "", cancel || "");
  }

  drop(message) {
    message.dropped = true;
    message.stop?.abort();
    message.uploads.forEach((u) => u.cancel());
    this.chat.drawer.remove(message.id);
    this.forget(message);
    this.chat.composer.box.focus();
  }
}
