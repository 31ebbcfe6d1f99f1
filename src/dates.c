/*-------------------------------------------------------------------------
 *
 * dates.c
 *	  Dates and times under the session's hour offset (S15), and in forms by which
 *	  clients filter.
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
PG_FUNCTION_INFO_V1(goaltracker_zone_date);
PG_FUNCTION_INFO_V1(goaltracker_weekday);
PG_FUNCTION_INFO_V1(goaltracker_weekday_name);
PG_FUNCTION_INFO_V1(goaltracker_date_key);
PG_FUNCTION_INFO_V1(goaltracker_first_date);
PG_FUNCTION_INFO_V1(goaltracker_date);
PG_FUNCTION_INFO_V1(goaltracker_utc);
PG_FUNCTION_INFO_V1(goaltracker_from_utc);
PG_FUNCTION_INFO_V1(goaltracker_day_from_utc);

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

/*
 * _zone_date(at timestamptz, time_zone text) returns date: the date of an instant in
 * a zone, moved by the session's hour offset.  Raises what AT TIME ZONE raises.
 */
Datum
goaltracker_zone_date(PG_FUNCTION_ARGS)
{
	Datum		local = DirectFunctionCall2(timestamptz_zone, PG_GETARG_DATUM(1),
											PG_GETARG_DATUM(0));

	/* a timestamp, and an offset of none to it */
	return DirectFunctionCall1(timestamp_date,
							   DirectFunctionCall2(goaltracker_local_time, local,
												   Int32GetDatum(0)));
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

/* ------------------------------------------------------------------------
 * Dates as numbers
 * ------------------------------------------------------------------------
 */

/* A date's number, however great. */
static int64
date_key(DateADT day)
{
	int			year;
	int			month;
	int			mday;

	j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &mday);
	return (int64) year * 10000 + month * 100 + mday;
}

/*
 * _date_key(date) returns integer: yyyymmdd; years before Christ count back from 0,
 * and of dates that an integer has no room for it is the greatest one.  It never
 * falls as dates go on.  NULL where a date is infinite.
 */
Datum
goaltracker_date_key(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);

	if (DATE_NOT_FINITE(day))
		PG_RETURN_NULL();
	PG_RETURN_INT32(Min(date_key(day), PG_INT32_MAX));
}

/* The first date whose number is this or more; infinite where none is, or all are. */
static DateADT
first_date(int64 key)
{
	int64		year;
	int			month;
	int			mday;
	int			ndays;
	DateADT		day;

	if (key > PG_INT32_MAX)
		return DATEVAL_NOEND;
	if (key <= date_key(DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE))
		return DATEVAL_NOBEGIN;
	/* rounded down, also of numbers below 0 */
	year = (key - (((key % 10000) + 10000) % 10000)) / 10000;
	month = (key - year * 10000) / 100;
	mday = (key - year * 10000) % 100;
	if (month < 1 || month > MONTHS_PER_YEAR)
		return date2j(month < 1 ? year : year + 1, 1, 1) - POSTGRES_EPOCH_JDATE;
	day = date2j(year, month, 1) - POSTGRES_EPOCH_JDATE;
	ndays = day_tab[isleap(year)][month - 1];
	/* a month's first date that is not before: where it has no such day, the next month's first */
	return day + (mday < 1 ? 0 : Min(mday - 1, ndays));
}

/*
 * _first_date(key bigint, behind boolean) returns date: the first one whose number is
 * key or more; behind: more than key.  Infinite where there is no such date, or where
 * it is true of all.
 */
Datum
goaltracker_first_date(PG_FUNCTION_ARGS)
{
	int64		key = PG_GETARG_INT64(0);

	if (PG_GETARG_BOOL(1) && key <= PG_INT32_MAX)
		key++;
	PG_RETURN_DATEADT(first_date(key));
}

/* _date(key bigint) returns date: the one whose number it is, or NULL. */
Datum
goaltracker_date(PG_FUNCTION_ARGS)
{
	int64		key = PG_GETARG_INT64(0);
	DateADT		day = first_date(key);

	if (DATE_NOT_FINITE(day) || date_key(day) != key)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day);
}

/* ------------------------------------------------------------------------
 * Instants without a time zone
 * ------------------------------------------------------------------------
 */

/* _utc(timestamptz) returns timestamp: the same in UTC, which is how it is stored. */
Datum
goaltracker_utc(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMP(PG_GETARG_TIMESTAMPTZ(0));
}

/* _from_utc(timestamp) returns timestamptz: the instant that it is in UTC. */
Datum
goaltracker_from_utc(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(PG_GETARG_TIMESTAMP(0));
}

/*
 * _from_utc(date) returns timestamptz: the instant at which the day begins in UTC;
 * an infinite one where that is no timestamp.
 */
Datum
goaltracker_day_from_utc(PG_FUNCTION_ARGS)
{
	DateADT		day = PG_GETARG_DATEADT(0);

	if (DATE_IS_NOBEGIN(day))
		PG_RETURN_TIMESTAMPTZ(DT_NOBEGIN);
	if (DATE_IS_NOEND(day) || day >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE)
		PG_RETURN_TIMESTAMPTZ(DT_NOEND);
	PG_RETURN_TIMESTAMPTZ(day * USECS_PER_DAY);
}
