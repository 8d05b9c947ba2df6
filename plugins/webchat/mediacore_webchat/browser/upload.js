/* One file on its way up: tus in chunks, with progress, resumed by HEAD after every break and every reload. */
class Upload {
  constructor(inbox, file, { name, caption = "", path = "" } = {}) {
    this.inbox = inbox; this.file = file; this.caption = caption; this.path = path; this.loaded = 0;
    this.name = name || file.name || "file";
    this.stop = new AbortController();
    this.preview = INLINE_IMAGES.includes(file.type) ? URL.createObjectURL(file) : "";
    this.onchange = () => {};
    this.onpath = () => {};
    this.begin();
  }

  /* What the drawer keeps of it. */
  record() { return { name: this.name, caption: this.caption, path: this.path, file: this.file }; }

  begin() {
    this.failed = false;
    this.lost = 0;
    this.done = this.inbox.turn(() => this.run());
    this.done.catch(() => { this.failed = true; }); // whoever sends the message hears why
  }

  async run() {
    const tus = { "Tus-Resumable": "1.0.0" }, signal = this.stop.signal;
    if (signal.aborted) throw cancelled();
    const stands = async () => Number((await this.inbox.ask("HEAD", this.path, { signal, headers: tus })).headers.get("Upload-Offset"));
    let offset = 0;
    if (this.path) {
      offset = await stands().catch((error) => { if (error.status !== 404) throw error; this.path = ""; return 0; });
    }
    if (!this.path) {
      const metadata = `filename ${base64(this.name)},filetype ${base64(this.file.type)}`;
      const made = await this.inbox.ask("POST", "uploads", { signal, headers: { ...tus, "Upload-Length": this.file.size, "Upload-Metadata": metadata } });
      this.path = made.headers.get("Location") || "";
      if (!this.path) throw new Refusal(made.status, "", `HTTP ${made.status}`); // not the inbox that answers here
      this.onpath();
    }
    for (let tries = 0; offset < this.file.size;) {
      this.loaded = offset;
      this.onchange();
      const { status, reached, error } = await this.patch(offset);
      if (signal.aborted) throw cancelled();
      if (status === 204 && reached > offset) { offset = reached; tries = 0; continue; }
      if ([405, 501].includes(status) && !this.disguised) this.disguised = true; // a proxy lets no PATCH through
      else if (!passing(status) && ![204, 401, 404, 409, 423].includes(status)) throw error;
      if (status === 0) await this.readable();
      await pause(backoff(tries++));
      try { offset = await stands(); } catch (problem) {
        if (problem.status !== 404 || this.lost++ > 2) throw problem;
        this.path = ""; // it waited too long and was thrown away, or the visitor's pass was lost and it is a stranger's now
        return this.run();
      }
    }
    this.loaded = this.file.size;
    this.onchange();
    return this.path.split("/").pop();
  }

  /* A file that was moved or changed on the disk fails like a broken line, but for ever. */
  async readable() {
    try { await this.file.slice(0, 1).arrayBuffer(); } catch { throw new Refusal(0, "unreadable", this.name); }
  }

  /* XMLHttpRequest, since fetch tells nothing of an upload's progress. */
  patch(offset) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open(this.disguised ? "POST" : "PATCH", `${this.inbox.base}/${this.path}`);
      const headers = this.inbox.headers({ "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset });
      if (this.disguised) headers["X-HTTP-Method-Override"] = "PATCH";
      for (const [key, value] of Object.entries(headers)) request.setRequestHeader(key, value);
      request.upload.onprogress = (event) => { this.loaded = offset + event.loaded; this.onchange(); };
      const abort = () => request.abort();
      request.onloadend = () => {
        this.stop.signal.removeEventListener("abort", abort);
        let told = {};
        try { told = JSON.parse(request.responseText).error; } catch { /* no words came */ }
        resolve({ status: request.status, reached: Number(request.getResponseHeader("Upload-Offset")), error: new Refusal(request.status, told.code, told.message || `HTTP ${request.status}`) });
      };
      this.stop.signal.addEventListener("abort", abort);
      request.send(this.file.slice(offset, offset + CHUNK));
    });
  }

  cancel() {
    this.stop.abort();
    if (this.preview) URL.revokeObjectURL(this.preview);
    if (this.path) fetch(`${this.inbox.base}/${this.path}`, { method: "DELETE", headers: this.inbox.headers({ "Tus-Resumable": "1.0.0" }) }).catch(() => {});
  }
}
