// Questions to the server.

export async function ask(address, signal) {
	let response;
	try {
		response = await fetch(address, { signal, headers: { Accept: 'application/json' } });
	} catch (error) {
		if (error.name === 'AbortError') throw error;
		throw Object.assign(new Error('The dashboard’s server cannot be reached. The page tries again by itself.'), { code: 'server-away' });
	}
	const answer = await response.json().catch(() => null);
	if (response.ok && answer) return answer;
	throw Object.assign(new Error(answer?.message ?? `The server answered with status ${response.status}.`), { code: answer?.error ?? 'failed' });
}
