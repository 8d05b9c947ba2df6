/* The line to the inbox: a socket while one can be had, else a question every few seconds. */
class Line {
  constructor(chat) { this.chat = chat; this.tries = 0; this.polls = 0; }

  /* By which acknowledgements go: the socket, or the latest poll where none gets through; null while there is no line. */
  way() { return this.socket?.readyState === WebSocket.OPEN ? this.socket : this.polling; }

  tell(acknowledgement) {
    const body = JSON.stringify(acknowledgement);
    if (this.socket?.readyState === WebSocket.OPEN) { this.socket.send(body); return; }
    fetch(`${this.chat.inbox.base}/seen`, { method: "POST", headers: this.chat.inbox.headers({ "Content-Type": "application/json" }), body }).catch(() => { this.polling = null; });
  }

  async connect() {
    this.gone = false;
    if (this.looping) return;
    this.looping = true;
    const { chat } = this, { inbox } = chat;
    while (!this.gone) {
      let state = "offline";
      try {
        if (!this.known || Date.now() - inbox.since > DAY_MS) await inbox.session();
        this.known = true;
        if (await this.attend() === 4401) this.forget();
      } catch (error) {
        if (error.code === "origin") { chat.say(chat.t("unavailable")); break; }
        if (["identity", "expired"].includes(error.code)) state = "signedOut";
      }
      if (this.gone) break;
      if (this.polls < 2) chat.say(chat.t(state));
      this.tries++;
      await Promise.race([pause(backoff(this.tries)), new Promise((wake) => { this.wake = wake; })]);
      if (this.tries > 2 && this.known) await this.catchUp(); // some proxies let no socket through
    }
    this.looping = false;
  }

  /* One socket, until it closes; returns why. */
  attend() {
    return new Promise((resolve) => {
      const address = new URL(`${this.chat.inbox.base}/socket`, location.href);
      address.protocol = address.protocol.replace("http", "ws");
      address.search = new URLSearchParams({ token: this.chat.inbox.token, after: this.chat.log.after });
      const socket = this.socket = new WebSocket(address);
      socket.onmessage = (event) => {
        if (socket !== this.socket) return; // of a visitor who was here before
        this.tries = this.polls = 0;
        this.chat.say("");
        this.chat.log.take(JSON.parse(event.data));
      };
      socket.onclose = (event) => resolve(event.code);
    });
  }

  /* The token is worth nothing any more. */
  forget() {
    this.known = false;
    this.chat.inbox.token = "";
  }

  async catchUp() {
    try {
      const answer = await fetch(`${this.chat.inbox.base}/history?after=${this.chat.log.after}`, { headers: this.chat.inbox.headers() });
      if (answer.ok) {
        const frame = await answer.json();
        this.polls++;
        this.polling = { at: Date.now() };
        this.chat.say("");
        this.chat.log.take(frame);
      } else if (answer.status === 401) this.forget();
    } catch { this.polls = 0; this.polling = null; } // the line is still down
  }

  /* Begin again as who the page now says. */
  restart() {
    this.known = false;
    this.chat.inbox.token = "";
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.wake?.();
  }

  close() {
    this.gone = true;
    this.socket?.close();
    this.wake?.();
  }
}
