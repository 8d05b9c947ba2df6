class Refusal extends Error {
  constructor(status, code, message) { super(message); this.status = status; this.code = code; }
}

/* The inbox, over HTTP: renews the session when its token has run out, and tries passing faults again. */
class Inbox {
  /* identity: an async function that gives what the site's backend signed, "" for a visitor whom nobody knows. */
  constructor(base, identity) {
    this.base = base;
    this.identity = identity;
    this.place = `mediacore-chat ${base}`;
    this.token = "";
    this.busy = 0; this.queue = [];
    this.onsession = () => {};
  }

  headers(more = {}) { return { ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}), ...more }; }

  /* Only a nameless visitor is remembered by the browser: who is signed in at the site may sign out there. */
  remembered() {
    try { return localStorage.getItem(this.place) || ""; } catch { return ""; } // a page may have no storage
  }

  remember(token) {
    try { localStorage.setItem(this.place, token); } catch { /* then the session lasts as long as the page */ }
  }

  session() {
    this.opening ||= (async () => {
      const identity = await this.identity();
      if (!identity && !this.token) this.token = this.remembered();
      const answer = await fetch(`${this.base}/session`, {
        method: "POST",
        headers: identity ? { "Content-Type": "application/json" } : this.headers(),
        body: identity ? JSON.stringify({ identity }) : null,
      });
      if (!answer.ok) throw await this.refusal(answer);
      const told = await answer.json();
      this.token = told.token;
      this.since = Date.now();
      if (!identity) this.remember(told.token);
      await this.onsession(told);
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
    for (let tries = 0, renewed = 0; ; tries++) {
      let answer = null, used = "";
      try {
        if (!this.token || Date.now() - this.since > DAY_MS) await this.session();
        used = this.token;
        answer = await fetch(`${this.base}/${path}`, { method, headers: this.headers(headers), body, signal });
      } catch (error) {
        if (signal?.aborted || (error instanceof Refusal && !passing(error.status))) throw error;
      }
      if (answer?.ok) return answer;
      if (answer?.status === 401 && renewed++ < 3) {
        if (this.token === used) this.token = "";
        continue;
      }
      if (answer && !passing(answer.status)) throw await this.refusal(answer);
      onwait?.();
      await pause(Math.max(backoff(tries), 1000 * (Number(answer?.headers.get("Retry-After")) || 0)));
      if (signal?.aborted) throw cancelled();
    }
  }

  /* At most three files go up at a time, so that words never wait behind pictures for a connection. */
  async turn(work) {
    if (this.busy >= 3) await new Promise((go) => this.queue.push(go));
    else this.busy++;
    try { return await work(); } finally {
      const next = this.queue.shift();
      if (next) next(); else this.busy--;
    }
  }
}
