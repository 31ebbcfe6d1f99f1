/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What report views call.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(goaltracker_duration_bucket_label);

/* A bound in the largest unit that leaves no fraction, else in seconds. */
static char *
bound_text(const Interval *bound)
{
	int64		usecs = bound->time +
		((int64) bound->day + (int64) bound->month * DAYS_PER_MONTH) * USECS_PER_DAY;

	if (usecs % USECS_PER_HOUR == 0)
		return psprintf(INT64_FORMAT " h", usecs / USECS_PER_HOUR);
	if (usecs % USECS_PER_MINUTE == 0)
		return psprintf(INT64_FORMAT " min", usecs / USECS_PER_MINUTE);
	if (usecs % USECS_PER_SEC == 0)
		return psprintf(INT64_FORMAT " s", usecs / USECS_PER_SEC);
	return psprintf(INT64_FORMAT ".%06d s", usecs / USECS_PER_SEC, (int) (usecs % USECS_PER_SEC));
}

/*
 * _duration_bucket_label(bucket_no integer, bounds interval[]): what a duration
 * bucket is called (S16), such as "5 min - 10 min"; NULL where there is no such
 * bucket.
 */
Datum
goaltracker_duration_bucket_label(PG_FUNCTION_ARGS)
{
	int32		bucket_no = PG_GETARG_INT32(0);
	Datum	   *bounds;
	int			n;
	char	   *label;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), INTERVALOID, sizeof(Interval), false,
					  TYPALIGN_DOUBLE, &bounds, NULL, &n);
	if (n == 0 || bucket_no < 0 || bucket_no > n)
		PG_RETURN_NULL();
	if (bucket_no == 0)
		label = psprintf("under %s", bound_text(DatumGetIntervalP(bounds[0])));
	else if (bucket_no == n)
		label = psprintf("%s and more", bound_text(DatumGetIntervalP(bounds[n - 1])));
	else
		label = psprintf("%s - %s", bound_text(DatumGetIntervalP(bounds[bucket_no - 1])),
						 bound_text(DatumGetIntervalP(bounds[bucket_no])));
	PG_RETURN_TEXT_P(cstring_to_text(label));
}
