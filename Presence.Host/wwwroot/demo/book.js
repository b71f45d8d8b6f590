// What the page knows of whom, and nothing of how it looks. Everything here is text from strangers: it is compared and kept,
// never interpreted.

/** @typedef {{ user: string, session: string, username: string, status: string }} Presence one visible device */

/** A presence as the wire has it. A status that is left out of a presence is the empty one. */
const read = wire => ({
  user: wire.user_id ?? '',
  session: wire.session_id ?? '',
  username: wire.username ?? '',
  status: wire.status ?? '',
});

export class Book {
  #people = new Map();
  #shown = new Map();
  #dropped = new Set();
  #sent = [];

  /** Who this page is; null before it is known. */
  self = null;

  /** This tab's own session, as far as it can be told: the server does not name it. */
  ownSession = null;

  /** How many changes came, and how many of them began where the last one had ended. */
  chain = { changes: 0, unbroken: 0 };

  get people() {
    return [...this.#people.values()];
  }

  /** The visible devices of a followed person. */
  devices(person) {
    return [...this.#shown.values()].filter(p => this.#personOf(p) === person);
  }

  /** The visible devices of this page's own user, this tab's own left out. */
  get otherDevices() {
    return [...this.#shown.values()].filter(p => this.isSelf(p) && p.session !== this.ownSession);
  }

  isSelf(presence) {
    return presence.user === this.self?.user;
  }

  /** Begins to follow a name; false if it is followed already, or is one's own. */
  add(name) {
    if (this.#people.has(name) || name === this.self?.username) return false;
    this.#people.set(name, { name, users: new Set(), isKnown: false });
    this.#dropped.delete(name);
    return true;
  }

  /** Ends the follow of a name; returns the users that are known by it. */
  remove(name) {
    const person = this.#people.get(name);
    if (!person) return [];
    for (const device of this.devices(person)) this.#shown.delete(device.session);
    this.#people.delete(name);
    // Somebody who never showed up has no id that could be unfollowed; that is made up for when they do.
    this.#dropped.add(name);
    return [...person.users];
  }

  /** The connection is a new one: what the own user's devices show has to be learnt again. */
  begin(self) {
    if (this.self && this.self.user !== self.user) this.#shown.clear();
    this.self = self;
    this.ownSession = null;
    this.#sent = [];
    for (const [session, presence] of this.#shown) if (this.isSelf(presence)) this.#shown.delete(session);
    for (const name of [...this.#people.keys()]) if (name === self.username) this.#people.delete(name);
  }

  /** Takes the answer to a follow of oneself: what the own user's other connections show. */
  learnOwn(wire) {
    for (const presence of wire.map(read)) if (this.isSelf(presence)) this.#shown.set(presence.session, presence);
  }

  /** Notes a status that this tab sets, by which its own session can be recognised. */
  noteOwn(status) {
    this.#sent.push(status);
  }

  /**
   * Takes the answer to a follow: all there is to see of these names. Returns what differs from what was known of them, which
   * after a loss is what happened meanwhile, and the users that are not to be followed any more.
   */
  replace(names, wire) {
    const changes = [];
    const unwanted = new Set();
    const now = new Map();
    for (const presence of wire.map(read)) {
      if (this.#learn(presence)) now.set(presence.session, presence);
      else if (this.#dropped.has(presence.username)) unwanted.add(presence.user);
    }
    const people = names.map(name => this.#people.get(name)).filter(person => person);
    for (const person of people) {
      for (const old of this.devices(person)) {
        if (now.has(old.session)) continue;
        this.#shown.delete(old.session);
        if (person.isKnown) changes.push({ ...old, old: old.status, now: null });
      }
    }
    for (const presence of now.values()) {
      const old = this.#shown.get(presence.session)?.status ?? null;
      this.#shown.set(presence.session, presence);
      if (this.#personOf(presence).isKnown && old !== presence.status) changes.push({ ...presence, old, now: presence.status });
    }
    for (const person of people) person.isKnown = true;
    return { changes, unwanted: [...unwanted] };
  }

  /**
   * Takes an event. Returns its changes, each with the old and the new status (null for none), and the users that are not to
   * be followed any more.
   */
  apply({ joins, leaves }) {
    const bySession = new Map();
    for (const p of leaves.map(read)) bySession.set(p.session, { ...p, old: p.status, now: null });
    for (const p of joins.map(read)) bySession.set(p.session, { ...p, old: bySession.get(p.session)?.old ?? null, now: p.status });

    const changes = [];
    const unwanted = new Set();
    for (const change of bySession.values()) {
      if (!this.isSelf(change)) {
        const person = this.#learn(change);
        if (!person) {
          if (this.#dropped.has(change.username)) unwanted.add(change.user);
          continue;
        }
        person.isKnown = true;
      }
      this.#check(change);
      if (change.now === null) this.#shown.delete(change.session);
      else this.#shown.set(change.session, { user: change.user, session: change.session, username: change.username, status: change.now });
      if (this.isSelf(change)) this.#recognise(change);
      changes.push(change);
    }
    return { changes, unwanted: [...unwanted] };
  }

  #personOf(presence) {
    return this.#people.get(presence.username) ?? this.people.find(p => p.users.has(presence.user));
  }

  /** Whose presence this is, of the people who are followed; their user id is kept, as unfollowing needs it. */
  #learn(presence) {
    if (this.isSelf(presence)) return undefined;
    const person = this.#personOf(presence);
    person?.users.add(presence.user);
    return person;
  }

  #check(change) {
    const shown = this.#shown.get(change.session)?.status ?? null;
    // Of one's own other devices nothing is known before the answer to the follow of oneself, so a change may begin anywhere until then.
    if (this.isSelf(change) && shown === null && change.session !== this.ownSession) return;
    this.chain.changes++;
    if (shown === change.old) this.chain.unbroken++;
  }

  /** The first device of ours that appears with what this tab has just set is this tab. */
  #recognise(change) {
    const at = this.#sent.indexOf(change.now);
    if (this.ownSession === null && change.old === null && at >= 0) this.ownSession = change.session;
    if (change.session !== this.ownSession) return;
    if (at >= 0) this.#sent.splice(0, at + 1);
    else this.ownSession = null;
  }
}
