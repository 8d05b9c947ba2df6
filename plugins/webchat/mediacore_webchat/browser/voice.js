/* A voice message, recorded by the browser: WebM/Opus in most, MP4/AAC in Safari. */
class Voice {
  static TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
  static LONGEST_MS = 5 * 60 * 1000;

  static possible() { return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder && Voice.type()); }

  static type() { return Voice.TYPES.find((type) => MediaRecorder.isTypeSupported(type)); }

  /* Begins to record; ontime hears of every passing second. Rejects when there is no microphone or no leave to use it. */
  async start(ontime) {
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    this.pieces = [];
    this.recorder = new MediaRecorder(this.stream, { mimeType: Voice.type(), audioBitsPerSecond: 32000 });
    this.recorder.ondataavailable = (event) => { if (event.data.size) this.pieces.push(event.data); };
    this.ended = new Promise((resolve) => { this.recorder.onstop = resolve; });
    this.recorder.start(1000);
    this.begun = Date.now();
    this.clock = setInterval(() => ontime(Date.now() - this.begun), 500);
  }

  /* The recording so far, as a file. */
  async stop() {
    this.close();
    await this.ended;
    const type = this.recorder.mimeType.split(";")[0] || Voice.type().split(";")[0];
    const ending = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" }[type] || "webm";
    return new File(this.pieces, `voice-message.${ending}`, { type });
  }

  close() {
    clearInterval(this.clock);
    if (this.recorder.state !== "inactive") this.recorder.stop();
    this.stream.getTracks().forEach((track) => track.stop());
  }
}
