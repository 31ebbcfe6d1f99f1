// Elements.  Text goes in as text, never as markup.

export function element(name, attributes = {}, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value === undefined || value === null || value === false) continue;
		if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
		else if (key === 'class') node.className = value;
		else if (key === 'background') node.style.background = value;
		else node.setAttribute(key, value === true ? '' : value);
	}
	node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
	return node;
}

// A name of any length in one line; all of it is in the title.
export const name = (text) => element('span', { class: 'cut name', title: text.length > 28 ? short(text, 300) : undefined }, short(text, 120));

export const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
