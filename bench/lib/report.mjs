// Results as a table in markdown, one section a task.
import { median } from './measure.mjs';

const units = {
	ms: (value) => (value >= 10000 ? `${(value / 1000).toFixed(1)} s` : value >= 1000 ? `${(value / 1000).toFixed(2)} s`
		: value >= 100 ? `${value.toFixed(0)} ms` : `${value.toFixed(1)} ms`),
	MB: (value) => `${value.toFixed(0)} MB`,
	'documents/s': (value) => `${value.toFixed(0)}/s`,
};

const show = (times, unit) => {
	if (!times) return '';
	const form = units[unit];
	return times.length === 1 ? form(times[0])
		: `${form(median(times))} (${form(Math.min(...times))} - ${form(Math.max(...times))})`;
};

export class Report {
	constructor() {
		this.sections = [];
		this.missed = [];
	}

	section(title) {
		this.sections.push({ title, rows: [], notes: [] });
		console.log(`== ${title}`);
	}

	note(text) { this.sections.at(-1).notes.push(text); }

	// what: the case.  ours and peer: times.  ratio: what the bar is about;
	// met: true, false or undefined (no bar).
	row({ what, ours, against = '', theirs, unit = 'ms', ratio, bar = '', met }) {
		const section = this.sections.at(-1);
		const cells = [what, show(ours, unit), against, show(theirs, unit),
			ratio === undefined ? '' : `${ratio.toFixed(2)}`, bar, met === undefined ? '' : met ? 'yes' : '**no**'];
		section.rows.push(cells);
		if (met === false) this.missed.push(`${section.title}: ${what}${against && `, against ${against}`}: ${cells[5]}, is ${cells[4] || cells[1]}`);
		console.log(`   ${cells.filter(Boolean).join(' | ')}`);
	}

	// The peer should take at least so many times as long.
	faster(what, ours, against, theirs, atLeast) {
		const ratio = median(theirs) / median(ours);
		this.row({ what, ours, against, theirs, ratio, bar: atLeast ? `at least ${atLeast}` : '', met: atLeast ? ratio >= atLeast : undefined });
	}

	under(what, ours, limit, unit = 'ms') {
		this.row({ what, ours, unit, bar: `under ${units[unit](limit)}`, met: median(ours) < limit });
	}

	markdown(head) {
		const parts = [head];
		for (const { title, rows, notes } of this.sections) {
			parts.push(`## ${title}`);
			if (rows.length)
				parts.push(['| case | goaltracker | against | takes | ratio | bar | met |', '| --- | --- | --- | --- | --- | --- | --- |',
					...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n'));
			parts.push(...notes);
		}
		parts.push('## Bars missed', this.missed.length ? this.missed.map((text) => `- ${text.replaceAll('**', '')}`).join('\n') : 'None.');
		return `${parts.join('\n\n')}\n`;
	}
}
