/*
 * Loaded into the server before all else, together with AddressSanitizer.
 *
 * Debian's gcc 12 has a sanitizer under which a program that calls
 * bindtextdomain() a second time waits for itself, where the first call came from
 * a library's start (GnuTLS does that).  The server's messages need no
 * translation here.
 */
extern char *bindtextdomain(const char *domain, const char *directory);

char *
bindtextdomain(const char *domain, const char *directory)
{
	(void) domain;
	return (char *) directory;
}
