/* Where a message is written: the words, the files beside them, the camera and the microphone. */
class Composer {
  constructor(chat) {
    this.chat = chat; this.chosen = [];
    const { t } = chat, press = (name, label, onclick, more = {}) =>
      el("button", { type: "button", "aria-label": t(label), title: t(label), onclick, ...more }, icon(name));
    this.alarm = el("p", { class: "alert", role: "alert", id: "alarm", hidden: true });
    this.chips = el("ul", { class: "chips", "aria-label": t("chosen") });
    this.box = el("textarea", { rows: 1, dir: "auto", "aria-label": t("write"), placeholder: t("write"), "aria-describedby": "alarm" });
    this.picker = this.input({});
    const touch = matchMedia("(pointer: coarse)").matches; // elsewhere, capture opens the same dialog as the picker
    this.snapper = touch ? this.input({ class: "camera", accept: "image/*,video/*", capture: "environment" }) : null;
    this.form = el("form", { onsubmit: (event) => { event.preventDefault(); this.submit(); } }, this.picker, this.snapper,
      press("clip", "attach", () => this.picker.click(), { class: "attach" }),
      touch ? press("camera", "camera", () => this.snapper.click()) : null,
      Voice.possible() ? press("voice", "record", () => this.record(), { class: "voice" }) : null,
      this.box, el("button", { type: "submit", "aria-label": t("send"), title: t("send") }, icon("send")));
    this.parts = [this.alarm, this.chips, this.form];
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.submit(); }
    });
    this.box.addEventListener("input", () => { clearTimeout(this.saving); this.saving = setTimeout(() => this.save(), 300); });
  }

  input(more) {
    const made = el("input", { type: "file", multiple: true, tabindex: "-1", "aria-hidden": "true", hidden: true, ...more });
    made.addEventListener("change", () => { this.choose([...made.files]); made.value = ""; });
    return made;
  }

  /* Paste and drop count anywhere on the panel. */
  listen(panel, veil) {
    panel.addEventListener("paste", (event) => {
      const files = pasted(event.clipboardData);
      if (files.length) { event.preventDefault(); this.choose(files); }
    });
    panel.addEventListener("dragover", (event) => { if (dragging(event)) { event.preventDefault(); veil.hidden = false; } });
    panel.addEventListener("dragleave", (event) => { if (!panel.contains(event.relatedTarget)) veil.hidden = true; });
    panel.addEventListener("drop", async (event) => {
      if (!dragging(event)) return;
      event.preventDefault();
      veil.hidden = true;
      this.choose(await dropped(event.dataTransfer));
    });
  }

  warn(...texts) {
    this.alarm.textContent = texts.join(" ");
    this.alarm.hidden = !texts.length;
  }

  choose(files) {
    const { t, limits } = this.chat, wrong = new Set();
    for (const file of files) {
      if (this.chosen.length >= limits.max_files) wrong.add(t("many", { count: limits.max_files }));
      else if (file.size === 0) wrong.add(t("empty", { name: file.name }));
      else if (file.size > limits.max_bytes) wrong.add(t("large", { name: file.name, size: size(limits.max_bytes) }));
      else this.chip(new Upload(this.chat.inbox, file));
    }
    this.warn(...wrong);
    this.save();
  }

  chip(upload) {
    const { t } = this.chat, name = upload.name;
    this.chosen.push(upload);
    const bar = el("progress", { max: upload.file.size, value: "0", "aria-label": t("uploading", { name }) });
    const caption = el("input", { maxlength: 2000, dir: "auto", placeholder: t("caption"), "aria-label": `${t("caption")}: ${name}` });
    caption.value = upload.caption;
    caption.addEventListener("input", () => { upload.caption = caption.value; });
    caption.addEventListener("change", () => this.save());
    caption.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); this.submit(); } });
    const remove = el("button", { type: "button", "aria-label": t("remove", { name }), title: t("remove", { name }), onclick: () => this.take(upload) }, icon("close", 18));
    const mark = upload.preview ? el("img", { class: "mark", src: upload.preview, alt: "" }) : el("span", { class: "mark" }, icon("file"));
    const sound = upload.file.type.startsWith("audio/") ? el("audio", { controls: true, src: URL.createObjectURL(upload.file), "aria-label": name }) : null;
    upload.node = el("li", {}, mark, el("span", { class: "name", title: name }, el("bdi", {}, name), el("small", { dir: "auto" }, size(upload.file.size))), remove, caption, sound, bar);
    upload.onchange = () => { bar.value = upload.loaded; bar.hidden = upload.loaded >= upload.file.size; };
    upload.onpath = () => this.save();
    upload.done.catch((error) => { if (error.name !== "AbortError") this.warn(t("failed", { why: this.chat.reason(error) })); });
    this.chips.append(upload.node);
    upload.node.scrollIntoView({ block: "nearest" });
  }

  /* Take a chosen file away; the focus goes to its neighbour, so that the keyboard can go on. */
  take(upload) {
    const next = upload.node.nextElementSibling || upload.node.previousElementSibling;
    upload.cancel();
    this.chosen = this.chosen.filter((u) => u !== upload);
    upload.node.remove();
    (next?.querySelector("button") || this.box).focus();
    this.warn();
    this.save();
  }

  submit() {
    const text = this.box.value.trim(), { t, limits } = this.chat;
    if (!text && !this.chosen.length) return;
    if (text.length > limits.max_text) { this.warn(t("long")); return; }
    const uploads = this.chosen;
    this.clear();
    this.chat.outbox.send(text, uploads);
    this.save();
    this.box.focus();
  }

  clear() {
    clearTimeout(this.saving);
    this.warn();
    this.chosen = [];
    this.chips.replaceChildren();
    this.box.value = "";
  }

  /* What is half written survives a reload of this tab. */
  save() {
    const { drawer, owner } = this.chat, id = `draft ${this.tab ||= tab()}`;
    if (owner === undefined) return undefined; // nobody knows yet whose it is; the session comes in a moment
    if (!this.box.value && !this.chosen.length) return drawer.remove(id);
    return drawer.put({ id, owner, at: Date.now() / 1000, text: this.box.value, files: this.chosen.map((u) => u.record()) });
  }

  restore(records) {
    const id = `draft ${this.tab ||= tab()}`, old = Date.now() / 1000 - DAY_MS / 1000;
    for (const record of records.filter((r) => r.id.startsWith("draft "))) {
      if (record.id !== id) { if (record.at < old) this.chat.drawer.remove(record.id); }
      else if (record.owner === this.chat.owner && !this.box.value && !this.chosen.length) {
        this.box.value = record.text;
        record.files.forEach((f) => this.chip(new Upload(this.chat.inbox, f.file, f)));
      }
    }
  }

  /* this.ending ends a recording that runs, whatever happens to the panel: no microphone stays on unseen. */
  async record() {
    const { t } = this.chat, voice = new Voice();
    this.warn();
    const time = el("span", { role: "timer" }, "0:00");
    try {
      await voice.start((ms) => {
        time.textContent = `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;
        if (ms >= Voice.LONGEST_MS) end(true);
      });
    } catch { this.warn(t("noMicrophone")); return; }
    let over = false;
    const end = async (keep) => {
      if (over) return;
      over = true;
      this.ending = null;
      row.replaceWith(this.form);
      this.form.querySelector(".voice").focus();
      if (keep) this.choose([await voice.stop()]); else voice.close();
    };
    const done = el("button", { type: "button", "aria-label": t("stop"), title: t("stop"), onclick: () => end(true) }, icon("done"));
    const row = el("form", { class: "recorder" },
      el("button", { type: "button", "aria-label": t("discard"), title: t("discard"), onclick: () => end(false) }, icon("close")),
      el("span", { class: "recording" }, el("span", { role: "status" }, t("recording")), time), done);
    row.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); end(false); } });
    this.form.replaceWith(row);
    this.ending = end;
    done.focus();
  }
}
