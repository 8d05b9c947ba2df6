/* What was not sent yet, in the browser's own database: it survives a reload, a crash and a closed page.
 * Without one (some private windows) all works as long as the page lasts. */
class Drawer {
  constructor(place) {
    this.works = true;
    this.base = new Promise((resolve, reject) => {
      const opening = indexedDB.open(place, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("unsent", { keyPath: "id" });
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
      setTimeout(() => reject(new Error("the database does not open")), 3000); // seen in some private windows
    });
    this.base.catch(() => { this.works = false; });
  }

  async use(mode, act) {
    try {
      const base = await this.base;
      return await new Promise((resolve, reject) => {
        const deal = base.transaction("unsent", mode);
        const asked = act(deal.objectStore("unsent"));
        deal.oncomplete = () => resolve(asked.result);
        deal.onabort = deal.onerror = () => reject(deal.error);
      });
    } catch {
      this.works = false; // no room, or no database: the page itself keeps it, and warns before it is left
      return undefined;
    }
  }

  put(record) { return this.use("readwrite", (store) => store.put(record)); }

  remove(id) { return this.use("readwrite", (store) => store.delete(id)); }

  get(id) { return this.use("readonly", (store) => store.get(id)); }

  async all() { return (await this.use("readonly", (store) => store.getAll())) || []; }
}

/* This tab, by a name that outlives a reload. */
const tab = () => {
  try {
    const known = sessionStorage.getItem("mediacore-chat tab") || newId();
    sessionStorage.setItem("mediacore-chat tab", known);
    return known;
  } catch { return newId(); }
};
