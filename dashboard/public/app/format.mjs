// Figures as people read them.  Money and counts come exact; what is cut here is cut for the eye.

const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const all = new Intl.NumberFormat('en', { maximumFractionDigits: 6 });
const shares = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

export const count = (value) => counts.format(Number(value));
// all decimals of conversions, which have six at most
export const exact = (value) => all.format(Number(value));
// Added up in whole millionths, of which nothing is lost.
export const sum = (values) => values.reduce((units, value) => units + Math.round(value * 1e6), 0) / 1e6;
export const share = (part, whole) => (whole > 0 ? shares.format(part / whole) : '');

// "1234567.8900" as 1,234,567.89: two decimals, or all four where they are not zero; digits untouched.
export function money(text) {
	const [whole, decimals = ''] = String(text).split('.');
	const sign = whole.startsWith('-') ? '-' : '';
	const kept = /^\d\d0*$/.test(decimals) ? decimals.slice(0, 2) : decimals.padEnd(2, '0');
	return `${sign}${whole.replace('-', '').replace(/\B(?=(\d{3})+$)/g, ',')}.${kept}`;
}

// Seconds as hours, minutes and seconds.
export function span(text) {
	const seconds = Math.floor(Number(text));
	const two = (number) => String(number).padStart(2, '0');
	return `${counts.format(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

const instants = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
export const instant = (text) => (text ? instants.format(new Date(text)) : 'never');

export function ago(text, now = Date.now()) {
	const seconds = Math.max(0, Math.round((now - Date.parse(text)) / 1000));
	if (seconds < 60) return 'less than a minute ago';
	const [size, unit] = seconds < 5400 ? [60, 'minute'] : seconds < 129600 ? [3600, 'hour'] : [86400, 'day'];
	const number = Math.round(seconds / size);
	return `${count(number)} ${unit}${number === 1 ? '' : 's'} ago`;
}

const dayFormat = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });
export const day = (date) => dayFormat.format(new Date(`${date}T00:00:00Z`));
export const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export const modelNames = {
	first: 'First', last: 'Last', all: 'All', linear: 'Linear', time_decay: 'Time decay',
	position_based: 'Position based', first_human: 'First human', last_human: 'Last human',
};

// "1 day 12:00:00" as 1 day 12 hours.
export function duration(text) {
	const [, days, ...clock] = /^(.*?)(?:(?<![-\d])(\d+):(\d\d):(\d\d(?:\.\d+)?))?$/.exec(text);
	const units = ['hour', 'minute', 'second'].map((unit, n) => [Number(clock[n] ?? 0), unit])
		.filter(([number]) => number > 0).map(([number, unit]) => `${number} ${unit}${number === 1 ? '' : 's'}`);
	return [days.trim().replace(/\bmon/g, 'month'), ...units].filter(Boolean).join(' ');
}
