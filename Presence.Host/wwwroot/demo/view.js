// Pieces of the page, made of text nodes only: names and statuses come from strangers and never become markup.

export const byId = id => document.getElementById(id);

/** An element of a class with children; strings become text. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A small window; lit means that somebody is there. */
export function pane(isLit) {
  const element = make('span', isLit ? 'pane lit' : 'pane');
  element.setAttribute('aria-hidden', 'true');
  return element;
}

/** What to call a device: the end of its session id, which is the part that differs. */
export const deviceName = session => `device ${session.slice(-4)}`;

/** A status as one reads it: a JSON object by its fields, anything else as it is. */
export function readable(status) {
  if (status === '') return make('span', 'blank', 'online, without a text');
  const fields = fieldsOf(status);
  return fields ? fieldList(fields, 'fields') : make('span', 'text', status);
}

function fieldList(fields, className) {
  const list = make('span', className);
  for (const [key, value] of fields) {
    list.append(make('span', 'field', make('span', 'key', key), ' ', typeof value === 'string' ? value : JSON.stringify(value)), ' ');
  }
  return list;
}

function fieldsOf(status) {
  if (!status.startsWith('{')) return null;
  try {
    const fields = Object.entries(JSON.parse(status));
    return fields.length > 0 ? fields : null;
  } catch {
    return null;
  }
}

/** A status in an event: a text letter for letter, a JSON object by its fields as in the roster; null is the absence of one. */
export function literal(status, className) {
  const fields = status === null ? null : fieldsOf(status);
  if (fields) return fieldList(fields, `fields ${className}`);
  const kind = status === null ? 'none' : status === '' ? 'blank' : 'said';
  const element = make(kind === 'said' ? 'q' : 'span', `${kind} ${className}`);
  element.textContent = status === null ? 'nothing' : status === '' ? 'no text' : status;
  return element;
}

/** Old, arrow, new. */
export function shift(old, now) {
  const arrow = make('span', 'arrow', '→');
  arrow.setAttribute('role', 'img');
  arrow.setAttribute('aria-label', 'became');
  return make('span', 'shift', literal(old, 'old'), ' ', make('span', 'became', arrow, ' ', literal(now, 'new')));
}

/** The time of day, to the millisecond. */
export function clock(date) {
  const two = n => String(n).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const element = make('time', '', time, make('small', '', `.${String(date.getMilliseconds()).padStart(3, '0')}`));
  element.dateTime = date.toISOString();
  return element;
}

/** Puts an entry on top of a list that keeps only the latest. */
export function prepend(list, entry, most) {
  list.prepend(entry);
  while (list.childElementCount > most) list.lastElementChild.remove();
}
