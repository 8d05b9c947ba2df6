/* The files of a drop, those inside folders included; what cannot be read is left out, its neighbours are not. */
async function dropped(transfer) {
  const MOST = 100, plain = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return plain;
  const files = [];
  const read = (act) => new Promise((resolve, reject) => act(resolve, reject));
  const walk = async (entry) => {
    if (files.length >= MOST) return;
    try {
      if (entry.isFile) { files.push(await read((yes, no) => entry.file(yes, no))); return; }
      const reader = entry.createReader();
      for (;;) {
        const batch = await read((yes, no) => reader.readEntries(yes, no)); // at most 100 at a time
        if (!batch.length) return;
        for (const inner of batch) await walk(inner);
      }
    } catch { /* no leave to read it */ }
  };
  for (const entry of entries) await walk(entry);
  return files;
}

/* The files of a paste. An office program puts a picture beside the words it copies: there the words are meant. */
const pasted = (clipboard) => {
  const types = [...clipboard.types];
  if (types.includes("text/html") && types.includes("text/plain")) return [];
  const items = [...clipboard.items].filter((item) => item.kind === "file").map((item) => item.getAsFile()).filter(Boolean);
  return items.length ? items : [...clipboard.files];
};

const dragging = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
