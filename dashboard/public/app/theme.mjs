// Light or dark: as the system has it, or as chosen here.

const key = 'goaltracker-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function chosen() {
	try {
		return localStorage.getItem(key);
	} catch {
		return null;				// storage may be forbidden
	}
}

export function setUpTheme(button, redraw) {
	let choice = chosen();
	const apply = () => {
		const isDark = choice ? choice === 'dark' : system.matches;
		document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
		button.textContent = isDark ? 'Light mode' : 'Dark mode';
	};
	button.addEventListener('click', () => {
		choice = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
		try {
			localStorage.setItem(key, choice);
		} catch { /* then for this page alone */ }
		apply();
		redraw();
	});
	system.addEventListener('change', () => { apply(); redraw(); });
	apply();
}
