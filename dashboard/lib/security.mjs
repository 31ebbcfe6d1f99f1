// Headers of every answer, and who may ask.

const policy = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
	"connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"].join('; ');

const headers = {
	'Content-Security-Policy': policy,
	'X-Content-Type-Options': 'nosniff',
	'X-Frame-Options': 'DENY',
	'Referrer-Policy': 'no-referrer',
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
};

// A page elsewhere can point a name of its own at this address (DNS rebinding); its requests then
// carry that name.  Without a login of its own the dashboard answers to its own names alone.
const nameOf = (host) => (host ?? '').toLowerCase().replace(/:\d+$/, '');

export const guard = (config) => async (context, next) => {
	if (!config.hostNames.includes('*') && !config.hostNames.includes(nameOf(context.req.header('host'))))
		context.res = context.text('The dashboard does not answer to this name; see DASHBOARD_HOST_NAMES.', 421);
	else if (!['GET', 'HEAD'].includes(context.req.method))
		context.res = context.text('Reading is all there is.', 405, { Allow: 'GET, HEAD' });
	else
		await next();
	for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
};
