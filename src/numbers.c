/*-------------------------------------------------------------------------
 *
 * numbers.c
 *	  Numerics as integers: what sum_once() and the reports' measures add up.
 *
 * Nearly all values are small: an integer and a few decimals.  Added up as
 * integers they cost a fraction of what the server's numeric arithmetic does,
 * and the sum is as exact.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"
#include "once.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

/* The integer of a small value is less than this, whatever its sign. */
#define SMALL_LIMIT		((INT64CONST(1) << 60) - 1)

/*
 * What a numeric looks like on disk.  The server keeps this to itself, but it
 * cannot change without a dump and restore of every table; a form not known
 * here is left to the server's own functions.  Reading the digits saves a copy
 * per row (most values have a short varlena header and are not aligned).
 */
#define NUMERIC_FORM_MASK		0xC000
#define NUMERIC_FORM_POSITIVE	0x0000
#define NUMERIC_FORM_NEGATIVE	0x4000
#define NUMERIC_FORM_SHORT		0x8000
#define NUMERIC_SHORT_NEGATIVE	0x2000
#define NUMERIC_SHORT_SCALE(h)	(((h) & 0x1F80) >> 7)
#define NUMERIC_SHORT_WEIGHT(h)	(((h) & 0x003F) - ((h) & 0x0040))
#define NUMERIC_LONG_SCALE(h)	((h) & MAX_NUMERIC_SCALE)
#define NUMERIC_DIGIT_BASE		10000

/*
 * Gives a small value as integer * 10000 ^ -groups, with as few groups as do, and
 * the display scale of any.  Returns false if the value is not small.  "data" is
 * what follows the varlena header, and need not be aligned.
 */
bool
numeric_to_integer(const char *data, int length, int64 *integer, int *groups, int *scale)
{
	uint16		header;
	bool		negative;
	int16		weight;
	int			digits;
	int64		value = 0;

	*scale = 0;
	*integer = 0;
	*groups = 0;
	if (length < (int) sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	data += sizeof(header);
	length -= sizeof(header);

	switch (header & NUMERIC_FORM_MASK)
	{
		case NUMERIC_FORM_SHORT:
			negative = (header & NUMERIC_SHORT_NEGATIVE) != 0;
			*scale = NUMERIC_SHORT_SCALE(header);
			weight = NUMERIC_SHORT_WEIGHT(header);
			break;
		case NUMERIC_FORM_POSITIVE:
		case NUMERIC_FORM_NEGATIVE:
			negative = (header & NUMERIC_FORM_MASK) == NUMERIC_FORM_NEGATIVE;
			*scale = NUMERIC_LONG_SCALE(header);
			if (length < (int) sizeof(weight))
				return false;
			memcpy(&weight, data, sizeof(weight));
			data += sizeof(weight);
			length -= sizeof(weight);
			break;
		default:
			return false;		/* NaN and the infinities */
	}

	/* The form of a value is one only if it ends in a digit that is not 0. */
	for (digits = length / (int) sizeof(int16); digits > 0; digits--)
	{
		int16		digit;

		memcpy(&digit, data + (digits - 1) * sizeof(digit), sizeof(digit));
		if (digit != 0)
			break;
	}
	if (digits == 0)
		return true;

	*groups = Max(digits - 1 - weight, 0);
	if (*groups >= SMALL_GROUPS)
		return false;

	/* Digits that are not stored are the zeros before the decimal point. */
	for (int i = 0; i < Max(digits, weight + 1); i++)
	{
		int16		digit = 0;

		if (i < digits)
			memcpy(&digit, data + i * sizeof(digit), sizeof(digit));
		if (value > SMALL_LIMIT / NUMERIC_DIGIT_BASE - 1)
			return false;
		value = value * NUMERIC_DIGIT_BASE + digit;
	}
	*integer = negative ? -value : value;
	return true;
}

/* a + b, in the current memory context. */
Numeric
add_numerics(Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_add,
											   NumericGetDatum(a),
											   NumericGetDatum(b)));
}

/* Moves to "high" what of "low" belongs there: then 0 <= low < 2^32. */
SplitSum
split_normalize(SplitSum sum)
{
	sum.high += sum.low / SPLIT_BASE;
	sum.low %= SPLIT_BASE;
	if (sum.low < 0)
	{
		sum.high--;
		sum.low += SPLIT_BASE;
	}
	return sum;
}

/* Gives the sum as an int64, if it is one. */
bool
split_to_int64(SplitSum sum, int64 *value)
{
	sum = split_normalize(sum);
	if (sum.high < PG_INT32_MIN || sum.high > PG_INT32_MAX)
		return false;
	*value = sum.high * SPLIT_BASE + sum.low;
	return true;
}

/* Gives the sum as a numeric, divided by 10000 ^ groups. */
Numeric
split_to_numeric(SplitSum sum, int groups)
{
	int64		value;
	Numeric		high;

	if (split_to_int64(sum, &value))
		return int64_div_fast_to_numeric(value, groups * 4);

	sum = split_normalize(sum);
	high = DatumGetNumeric(DirectFunctionCall2(numeric_mul,
											   NumericGetDatum(int64_to_numeric(SPLIT_BASE)),
											   NumericGetDatum(int64_div_fast_to_numeric(sum.high, groups * 4))));
	return add_numerics(high, int64_div_fast_to_numeric(sum.low, groups * 4));
}
