import { Book } from './book.js';
import { Client, Refusal, readToken } from './client.js';
import { suggestName } from './names.js';
import { byId, clock, deviceName, make, pane, prepend, readable, shift } from './view.js';

const MOST_ENTRIES = 200;
const MOST_STATUS_BYTES = 2048;
const LONGEST_FRAME_SHOWN = 2_000;
const SPOKEN_AT_ONCE = 4;
const TOAST_MILLISECONDS = 10_000;

// The page lives one level below the server's root, wherever a proxy puts that.
const root = new URL('../', location.href);
const book = new Book();
const client = new Client(root, {
  state: onState,
  self: onSelf,
  own: onOwn,
  snapshot: onSnapshot,
  change: onChange,
  frame: onFrame,
  pulse: ms => {
    byId('pulse-ms').textContent = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
    byId('pulse').hidden = false;
  },
  fault: showFault,
});

let state = 'idle';
let wasLost = false;
let pasted = false;
let countdown;
let toast;

// ---- the connection

function onState(name, detail = {}) {
  state = name;
  document.body.dataset.state = name;
  clearInterval(countdown);
  const words = {
    idle: 'Not connected',
    connecting: detail.isFirst ? 'Connecting' : 'Reconnecting',
    open: 'Connected',
    waiting: detail.why,
  };
  byId('state').textContent = words[name];
  byId('state').dataset.state = name;
  byId('pulse').hidden = true;
  byId('countdown').hidden = byId('retry').hidden = name !== 'waiting';
  byId('connect').disabled = name === 'connecting';

  if (name === 'open') {
    hideFault();
    if (client.status !== null) book.noteOwn(client.status);
    done('connect');
    if (wasLost) note(client.follows.size > 0 ? 'You are back, with your status and your follows.' : 'You are back, with your status.');
    wasLost = false;
    rememberInAddress();
  }
  if (name === 'waiting') {
    if (!wasLost) note(detail.why);
    wasLost = true;
    const tick = () => { byId('countdown').textContent = `again in ${Math.max(0, (detail.until - Date.now()) / 1000).toFixed(1)} s`; };
    tick();
    countdown = setInterval(tick, 100);
  }
  expireFault();
  if (name === 'idle') {
    wasLost = false;
    rememberInAddress();
  }
  showMe();
  showRoster();
}

function onSelf(self) {
  book.begin(self);
  byId('my-name').textContent = self.username;
  for (const name of client.follows) if (name === self.username) client.unfollow([name], []);
  showInvite();
}

function onOwn(presences) {
  book.learnOwn(presences);
  showMine();
}

function onSnapshot(names, presences) {
  const { changes, unwanted } = book.replace(names, presences);
  for (const change of changes) logChange(change, { isLate: true });
  drop(unwanted);
  showRoster();
}

function onChange(event) {
  const { changes, unwanted } = book.apply(event);
  for (const change of changes) {
    logChange(change);
    if (change.old !== null && change.now !== null) done('change');
    if (change.now === null) done('leave');
  }
  drop(unwanted);
  showRoster(new Set(changes.map(c => c.session)));
  showMine();
  showChain();
}

function drop(users) {
  if (users.length > 0) client.unfollow([], users).catch(showFault);
}

// ---- you

function showMe() {
  const isIn = state === 'open' || state === 'waiting' || (state === 'connecting' && wasLost);
  byId('login').hidden = isIn;
  byId('me').hidden = !isIn;
  byId('invite').hidden = !isIn;
  for (const button of byId('say').querySelectorAll('button')) button.disabled = state !== 'open';
  byId('hide').disabled = state !== 'open' || client.status === null;
  const isLit = state === 'open' && client.status !== null;
  byId('my-window').classList.toggle('lit', isLit);
  byId('my-status').replaceChildren(
    client.status === null ? make('span', 'blank', 'Invisible: you see without being seen.') : readable(client.status));
  showMine();
}

function showMine() {
  const others = book.otherDevices;
  byId('mine').replaceChildren(...others.map(p => deviceItem(p)));
  byId('mine-empty').hidden = others.length > 0;
  if (others.length > 0) done('second');
}

async function say(status) {
  book.noteOwn(status);
  try {
    await client.setStatus(status);
    hideFault();
    byId('status').value = '';
    countBytes();
  } catch (refusal) {
    showFault(refusal);
  }
  showMe();
}

function countBytes() {
  const bytes = new TextEncoder().encode(byId('status').value).length;
  byId('bytes').textContent = `${bytes} of ${MOST_STATUS_BYTES} bytes`;
  byId('bytes').classList.toggle('over', bytes > MOST_STATUS_BYTES);
}

function showInvite() {
  const { username } = book.self;
  const person = byId('another-person');
  const device = byId('another-device');
  if (pasted) {
    // A name alone opens nothing where tokens come from elsewhere.
    person.href = device.href = './';
    person.querySelector('b').textContent = 'Another token';
    device.querySelector('b').textContent = 'The same token again';
    return;
  }
  const name = suggestName(username);
  person.dataset.name = name;
  person.querySelector('b').textContent = name;
  person.href = address(name, [username], true);
  device.querySelector('b').textContent = username;
  device.href = address(username, [], true);
}

// ---- the people

const rows = new Map();

function showRoster(fresh = new Set()) {
  const people = book.people;
  for (const [name, row] of rows) {
    if (people.some(p => p.name === name)) continue;
    row.item.remove();
    rows.delete(name);
  }
  for (const person of people) {
    if (!rows.has(person.name)) rows.set(person.name, makeRow(person));
    const { panes, count, devices, hint } = rows.get(person.name);
    const shown = book.devices(person);
    if (shown.length > 0 && state === 'open') {
      done('second');
      done('follow');
    }
    panes.replaceChildren(...(shown.length > 0 ? shown.map(() => pane(true)) : [pane(false)]));
    count.textContent = shown.length === 0 ? 'not to be seen' : shown.length === 1 ? '1 device' : `${shown.length} devices`;
    devices.replaceChildren(...shown.map(p => deviceItem(p, fresh.has(p.session))));
    devices.hidden = shown.length === 0;
    hint.hidden = shown.length > 0;
    hint.textContent = person.isKnown ? 'Not here, or invisible: nobody can tell. You will be told.' : 'Followed as soon as you are connected.';
  }
  byId('roster-empty').hidden = people.length > 0;
}

function makeRow(person) {
  const panes = make('span', 'panes');
  const count = make('span', 'count');
  const devices = make('ul', 'devices');
  const hint = make('p', 'hint');
  const button = make('button', 'quiet', 'Unfollow');
  button.type = 'button';
  button.setAttribute('aria-label', `Unfollow ${person.name}`);
  button.addEventListener('click', () => unfollow(person.name));
  const item = make('li', 'person', make('div', 'top', panes, make('b', 'name', person.name), count, button), devices, hint);
  item.dataset.person = person.name;
  byId('roster').append(item);
  return { item, panes, count, devices, hint };
}

function deviceItem(presence, isFresh = false) {
  const item = make('li', isFresh ? 'device fresh' : 'device', pane(true), readable(presence.status), make('small', 'which', deviceName(presence.session)));
  item.dataset.session = presence.session;
  return item;
}

async function follow(names) {
  const own = names.find(name => name === book.self?.username);
  const fresh = names.filter(name => book.add(name));
  showRoster();
  if (own) showFault(new Refusal('request', 'That is you. Your own devices are shown without following.'));
  if (fresh.length === 0) return;
  try {
    await client.follow(fresh);
    for (const name of state === 'open' ? fresh : []) {
      const person = book.people.find(p => p.name === name);
      if (!person) continue;
      const count = book.devices(person).length;
      note(count === 0 ? 'is not to be seen now.' : count === 1 ? 'is here on 1 device.' : `is here on ${count} devices.`, name);
    }
  } catch (refusal) {
    // After a loss it is sent again by itself; what the server refuses is not followed.
    if (refusal.kind === 'over') return;
    await unfollow(...fresh);
    showFault(refusal);
  }
  rememberInAddress();
  showRoster();
}

async function unfollow(...names) {
  const users = names.flatMap(name => book.remove(name));
  showRoster();
  byId('names').focus();
  rememberInAddress();
  try {
    await client.unfollow(names, users);
  } catch (refusal) {
    if (refusal.kind !== 'over') showFault(refusal);
  }
}

// ---- the events

function logChange(change, { isLate = false } = {}) {
  const isOwn = book.isSelf(change);
  const isThisTab = isOwn && change.session === book.ownSession;
  const siblings = isOwn ? 0 : book.people.filter(p => p.users.has(change.user)).reduce((n, p) => n + book.devices(p).length, 0);
  let kind = 'changed';
  let did = 'changed';
  if (change.old === null) {
    kind = 'online';
    did = siblings > 1 ? 'came online on another device' : 'came online';
  } else if (change.now === null) {
    kind = 'offline';
    did = siblings > 0 ? 'went offline on one device' : 'went offline';
  }
  if (isLate) did += ' while you were away';
  const who = isOwn ? (isThisTab ? 'You' : 'You, elsewhere') : change.username;
  const entry = make('li', isOwn ? 'entry own' : 'entry',
    make('p', 'what', pane(change.now !== null), make('b', 'who', who), ` ${did} `,
      make('span', 'meta', make('small', 'which', deviceName(change.session)), clock(new Date()))),
    shift(change.old, change.now));
  entry.dataset.kind = kind;
  entry.dataset.who = change.username;
  enter(entry);
  if (!isThisTab) speak(`${who} ${did}${change.now ? ': ' + change.now.slice(0, 120) : ''}`);
}

/** An entry that is no change: something about the connection, or what a follow found. */
function note(text, who) {
  const entry = make('li', 'entry note', make('p', 'what', ...(who ? [make('b', 'who', who), ' '] : []), text, make('span', 'meta', clock(new Date()))));
  entry.dataset.kind = 'note';
  enter(entry);
  speak(who ? `${who} ${text}` : text);
}

function enter(entry) {
  prepend(byId('log'), entry, MOST_ENTRIES);
  showLog();
}

function showLog() {
  const isEmpty = byId('log').childElementCount === 0;
  byId('log').hidden = byId('clear').hidden = isEmpty;
  byId('log-empty').hidden = !isEmpty;
}

function speak(text) {
  const announcer = byId('announcer');
  announcer.append(make('span', '', text, ' '));
  while (announcer.childElementCount > SPOKEN_AT_ONCE) announcer.firstElementChild.remove();
}

function showChain() {
  const { changes, unbroken } = book.chain;
  const chain = byId('chain');
  chain.hidden = changes === 0;
  chain.dataset.changes = changes;
  chain.dataset.unbroken = unbroken;
  chain.classList.toggle('broken', unbroken < changes);
  chain.textContent = unbroken === changes
    ? `Checked: ${changes} of ${changes} began where the last one ended.`
    : `${changes - unbroken} of ${changes} did not begin where the last one ended.`;
}

// ---- the frames

function onFrame(isOut, text) {
  if (!byId('pings').checked && /^\{("cid": ?"[^"]*", ?)?"p[io]ng": ?\{\}\}$/.test(text)) return;
  const shown = text.length > LONGEST_FRAME_SHOWN ? `${text.slice(0, LONGEST_FRAME_SHOWN)} … ${text.length - LONGEST_FRAME_SHOWN} more` : text;
  const arrow = make('span', 'arrow', isOut ? '↑' : '↓');
  arrow.setAttribute('role', 'img');
  arrow.setAttribute('aria-label', isOut ? 'sent' : 'received');
  const frame = make('li', isOut ? 'frame out' : 'frame in', clock(new Date()), arrow, make('code', '', shown));
  prepend(byId('frames'), frame, MOST_ENTRIES);
  byId('frames-empty').hidden = true;
}

// ---- faults, the tour, the address

function showFault(refusal) {
  byId('fault').textContent = refusal.message;
  byId('fault-box').hidden = false;
  expireFault();
  const field = { key: 'key', minting: 'token', token: 'token', name: 'name' }[refusal.kind];
  if (!field || state !== 'idle') return;
  if (field !== 'name') byId('advanced').open = true;
  byId(field).focus();
}

function hideFault() {
  clearTimeout(toast);
  byId('fault-box').hidden = true;
  byId('fault').textContent = '';
}

/** Beside a connection a fault is a toast, which goes by itself. Without one it stays: it says what the form needs. */
function expireFault() {
  clearTimeout(toast);
  const box = byId('fault-box');
  if (state === 'idle' || box.hidden || box.matches(':hover, :focus-within')) return;
  toast = setTimeout(hideFault, TOAST_MILLISECONDS);
}

function done(step) {
  const item = byId('tour').querySelector(`[data-step="${step}"]`);
  if (item.classList.contains('done')) return;
  item.classList.add('done');
  item.querySelector('.pane').classList.add('lit');
  item.append(make('span', 'unseen', '(done)'));
  showNextStep();
}

function showNextStep() {
  byId('tour').querySelector('.next')?.classList.remove('next');
  byId('tour').querySelector('li:not(.done)')?.classList.add('next');
}

function address(name, follows, isGoing) {
  const hash = new URLSearchParams(follows.map(f => ['follow', f]));
  if (isGoing) hash.set('go', '');
  const text = hash.toString();
  return `./?${new URLSearchParams({ name })}${text ? '#' + text : ''}`;
}

/** What a reload or a duplicated tab needs to be where this one is; tokens and keys are never part of it. */
function rememberInAddress() {
  if (pasted || !book.self) return;
  history.replaceState(null, '', address(book.self.username, [...client.follows], state !== 'idle'));
  document.title = state === 'idle' ? 'Presence' : `${book.self.username} · Presence`;
}

// ---- what the visitor does

byId('login').addEventListener('submit', event => {
  event.preventDefault();
  hideFault();
  const token = byId('token').value.trim();
  const name = byId('name').value.trim();
  pasted = token !== '';
  if (!pasted && !name) return byId('name').focus();
  try {
    if (pasted) readToken(token);
    client.connect(pasted ? { token } : { name, serverKey: byId('key').value }, byId('online').checked);
  } catch (refusal) {
    showFault(refusal);
  }
});
byId('token').addEventListener('input', () => { byId('name').required = byId('token').value.trim() === ''; });
byId('suggest').addEventListener('click', () => { byId('name').value = suggestName(byId('name').value); });
byId('disconnect').addEventListener('click', () => {
  client.disconnect();
  byId('name').focus();
});
byId('retry').addEventListener('click', () => client.retryNow());

byId('say').addEventListener('submit', event => {
  event.preventDefault();
  say(byId('status').value);
});
byId('status').addEventListener('input', countBytes);
byId('status').addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('say').requestSubmit(byId('set'));
});
for (const button of byId('say').querySelectorAll('[data-preset]')) button.addEventListener('click', () => say(button.dataset.preset));
byId('hide').addEventListener('click', () => say(null));

byId('follow').addEventListener('submit', event => {
  event.preventDefault();
  const names = [...new Set(byId('names').value.split(',').map(n => n.trim()).filter(n => n))];
  byId('names').value = '';
  hideFault();
  follow(names);
});
for (const kind of ['click', 'auxclick']) {
  byId('another-person').addEventListener(kind, event => {
    const { name } = event.currentTarget.dataset;
    if (!name || event.button > 1) return;
    follow([name]);
    // The link is still needed for the tab that it opens now; the next one is for somebody else.
    setTimeout(showInvite);
  });
}

byId('dismiss').addEventListener('click', hideFault);
document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && !byId('fault-box').hidden) hideFault();
});
// Whoever is reading it, or about to close it, has the time to.
for (const kind of ['pointerenter', 'pointerleave', 'focusin', 'focusout']) byId('fault-box').addEventListener(kind, () => setTimeout(expireFault));

byId('clear').addEventListener('click', () => {
  byId('log').replaceChildren();
  showLog();
});

// ---- what the address says

const wishes = new URLSearchParams(location.hash.slice(1));
byId('name').value = (new URLSearchParams(location.search).get('name') ?? '').trim().slice(0, 32) || suggestName();
onState('idle');
countBytes();
showLog();
showNextStep();
follow(wishes.getAll('follow').map(n => n.trim()).filter(n => n));
if (wishes.has('go')) byId('login').requestSubmit();
