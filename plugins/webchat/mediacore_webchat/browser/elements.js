/* <mediacore-chat>: the visitor's side of a mediacore web chat. No framework, no build step.
 *
 *   <script src="https://desk.example.com/inbox/chat/widget.js" defer></script>
 *   <mediacore-chat></mediacore-chat>
 *
 * The attributes and the colours are told in the channel's README.
 */
const HOME = document.currentScript ? document.currentScript.src.replace(/\/widget\.js.*$/, "") : "";
const CHUNK = 1024 * 1024; // of one request; what a proxy as commonly set up lets through
const DAY_MS = 24 * 3600 * 1000;
const TICKET_MS = 25 * 60 * 1000; // a file's address works for 30 minutes; ask for a new one a little before
const INLINE_IMAGES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const RIGHT_TO_LEFT = ["ar", "arc", "ckb", "dv", "fa", "he", "ks", "ku", "ps", "sd", "syr", "ug", "ur", "yi"];

const ICONS = {
  chat: "M4 4h16v12H8l-4 4z",
  close: "M6 6l12 12M18 6L6 18",
  clip: "M20 11l-8.5 8.5a5 5 0 01-7-7L13 4a3.4 3.4 0 015 5l-8.5 8.5a1.7 1.7 0 01-2.5-2.5L15 7",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 100 7 3.5 3.5 0 000-7",
  voice: "M12 3a3 3 0 00-3 3v5a3 3 0 006 0V6a3 3 0 00-3-3M6 11a6 6 0 0012 0M12 17v4",
  done: "M5 13l5 5L20 7",
  send: "M4 12l16-8-6 16-3-7z",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
};

/* Elements are built, never parsed: nothing that anyone wrote can become markup. */
const el = (tag, props = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null && (value !== "" || key === "alt")) made.setAttribute(key, value);
  }
  made.append(...children.filter((c) => c != null));
  return made;
};

const icon = (name, size = 22) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const look = {
    viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 2,
    "stroke-linejoin": "round", "stroke-linecap": "round", "aria-hidden": "true", class: name === "send" ? "flip" : name,
  };
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
const passing = (status) => status === 0 || status === 408 || status === 429 || status === 460 || (status >= 500 && status !== 501 && status !== 507);
const cancelled = () => new DOMException("cancelled", "AbortError");

/* The language to speak: what the page says comes before what the browser says. */
const language = (element) => element.getAttribute("lang") || element.closest("[lang]")?.lang || navigator.language || "en";
const primary = (tag) => tag.split("-")[0].toLowerCase();
