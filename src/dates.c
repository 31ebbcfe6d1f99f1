/*-------------------------------------------------------------------------
 *
 * dates.c
 *	  Dates and times under the session's hour offset (S15).
 *
 * A stored date can be found by an index, a computed one cannot.  So where no
 * hour offset is set, the planner puts the stored column in place of the call;
 * a change of the setting makes it plan again (see goaltracker.c).
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "common/int.h"
#include "nodes/supportnodes.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(goaltracker_local_time);
PG_FUNCTION_INFO_V1(goaltracker_local_date);
PG_FUNCTION_INFO_V1(goaltracker_local_date_support);
PG_FUNCTION_INFO_V1(goaltracker_weekday);
PG_FUNCTION_INFO_V1(goaltracker_weekday_name);

/*
 * _local_time(opened_at timestamptz, utc_offset integer) returns timestamp: the
 * time in an account's zone, which is so many seconds ahead of UTC then, moved
 * by the session's hour offset.  Raises datetime_field_overflow where that is no
 * timestamp.
 */
Datum
goaltracker_local_time(PG_FUNCTION_ARGS)
{
	TimestampTz opened_at = PG_GETARG_TIMESTAMPTZ(0);
	int64		moved;

	if (TIMESTAMP_NOT_FINITE(opened_at))
		PG_RETURN_TIMESTAMP(opened_at);
	if (pg_add_s64_overflow(opened_at, PG_GETARG_INT32(1) * USECS_PER_SEC +
							session_hour_offset_in_force(), &moved) ||
		!IS_VALID_TIMESTAMP(moved))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	PG_RETURN_TIMESTAMP(moved);
}

/*
 * _local_date(stored date, opened_at timestamptz, utc_offset integer) returns
 * date: the date of _local_time(); stored is what it is without an hour offset.
 */
Datum
goaltracker_local_date(PG_FUNCTION_ARGS)
{
	if (session_hour_offset_in_force() == 0)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	return DirectFunctionCall1(timestamp_date,
							   DirectFunctionCall2(goaltracker_local_time,
												   PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)));
}

/* Planner support of _local_date(). */
Datum
goaltracker_local_date_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);

	if (!IsA(request, SupportRequestSimplify) || session_sets_hour_offset())
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(linitial(request->fcall->args));
}

/* _weekday(date) returns smallint: 0 for Sunday (S15); NULL where a date is infinite. */
Datum
goaltracker_weekday(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);

	if (DATE_NOT_FINITE(day))
		PG_RETURN_NULL();
	PG_RETURN_INT16(j2day(day + POSTGRES_EPOCH_JDATE));
}

/* _weekday_name(date) returns text: its English name in full; NULL as for _weekday(). */
Datum
goaltracker_weekday_name(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);

	if (DATE_NOT_FINITE(day))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(days[j2day(day + POSTGRES_EPOCH_JDATE)]));
}
