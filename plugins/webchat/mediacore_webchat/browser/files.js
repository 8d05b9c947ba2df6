/* Files as they look in the conversation: thumbnails, players, downloads, and the full view. */
class FileViews {
  constructor(chat) {
    this.chat = chat;
    this.viewer = el("dialog", { dir: chat.direction });
    this.viewer.addEventListener("click", (event) => { if (event.target === this.viewer) this.viewer.close(); });
  }

  row(name, note) {
    return el("span", { class: "file" }, icon("file"), el("span", {}, el("bdi", {}, name), " ", el("small", { dir: "auto" }, note)));
  }

  /* One that the visitor is sending, shown from the visitor's own disk. */
  own(upload) {
    const { t } = this.chat;
    const bar = el("progress", { max: upload.file.size, value: "0", "aria-label": t("uploading", { name: upload.name }) });
    upload.onchange = () => { bar.value = upload.loaded; bar.hidden = upload.loaded >= upload.file.size; };
    upload.onchange();
    const alt = upload.caption || upload.name;
    const look = upload.preview ? this.local(upload.preview, alt) : this.row(upload.name, size(upload.file.size));
    return el("figure", {}, look, upload.caption ? el("figcaption", { dir: "auto" }, upload.caption) : null, bar);
  }

  local(source, alt) { return el("span", { class: "thumb" }, el("img", { src: source, alt })); }

  /* One of an entry, from the inbox; local is the address of the visitor's own copy, if this page has it. */
  sent(item, index, local) {
    const file = item.entry.files[index], { t } = this.chat;
    const caption = file.caption ? el("figcaption", { dir: "auto" }, file.caption) : null;
    const alt = file.caption || file.name;
    if (!file.url) {
      const state = this.chat.words[file.state] || file.state;
      return el("figure", {}, local ? this.local(local, alt) : this.row(file.name, state), caption);
    }
    const address = (thumb) => { const now = item.entry.files[index]; return `${this.chat.inbox.base}/${(thumb && now.thumb) || now.url}`; };
    const picture = INLINE_IMAGES.includes(file.type);
    const sort = picture ? "" : (/^(audio|video)\//.exec(file.type) || [])[1];
    const plays = sort && document.createElement(sort).canPlayType(file.type);
    const look = plays ? this.player(item, sort, file, alt, address) : picture || file.thumb ? this.thumb(item, file, alt, address, picture) : null;
    return el("figure", {}, look, picture ? null : this.link(item, file, address), caption);
  }

  thumb(item, file, alt, address, picture) {
    const sizes = picture ? { width: file.width || null, height: file.height || null } : {};
    const image = el("img", { src: address(true), alt: "", loading: "lazy", ...sizes });
    image.addEventListener("error", async () => { await this.freshen(item); image.src = address(true); }, { once: true });
    const open = async () => { await this.freshen(item); this.enlarge(address(!picture), address(false), alt, file.name); };
    return el("button", { type: "button", class: picture ? "thumb" : "thumb page", "aria-label": this.chat.t("view", { name: alt }), onclick: open }, image);
  }

  player(item, sort, file, alt, address) {
    const poster = sort === "video" && file.thumb ? address(true) : null;
    const made = el(sort, { controls: true, preload: "none", src: address(false), "aria-label": alt, poster, playsinline: true });
    made.addEventListener("error", async () => { // its address has run out
      const at = made.currentTime;
      await this.freshen(item, true);
      made.src = address(false);
      made.currentTime = at;
      if (at) made.play().catch(() => {});
    }, { once: true });
    return made;
  }

  link(item, file, address) {
    const link = el("a", { class: "file", href: address(false), download: file.name, rel: "noopener noreferrer", "aria-label": `${this.chat.t("download", { name: file.name })}, ${size(file.size)}` },
      icon("file"), el("span", {}, el("bdi", {}, file.name), " ", el("small", { dir: "auto" }, size(file.size))));
    link.addEventListener("click", async (event) => {
      if (Date.now() - item.fetched < TICKET_MS) return;
      event.preventDefault();
      await this.freshen(item);
      link.href = address(false);
      link.click();
    });
    return link;
  }

  /* New addresses for an entry's files, when the old ones have run out. */
  async freshen(item, always = false) {
    if (!always && Date.now() - item.fetched < TICKET_MS) return;
    const answer = await this.chat.inbox.ask("GET", `history?after=${item.entry.seq - 1}`).catch(() => null);
    if (answer) (await answer.json()).entries.forEach((entry) => this.chat.log.show(entry));
  }

  enlarge(shown, original, alt, name) {
    const { t } = this.chat;
    const close = el("button", { type: "button", "aria-label": t("back"), onclick: () => this.viewer.close() }, icon("close"));
    const save = el("a", { href: original, download: name, target: "_blank", rel: "noopener noreferrer" }, t("download", { name }));
    this.viewer.setAttribute("aria-label", alt);
    this.viewer.replaceChildren(el("img", { src: shown, alt }), alt === name ? "" : el("p", { dir: "auto" }, alt), el("div", {}, save, close));
    this.viewer.showModal();
    close.focus();
  }
}
