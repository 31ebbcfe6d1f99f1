/*-------------------------------------------------------------------------
 *
 * spans.h
 *	  The spans of windows under which a touchpoint is credited, and how table
 *	  touchpoint holds them: packed into one integer.
 *
 * Windows of reports are 0 to 31, so a limit is 0 to 32 and takes six bits.  A
 * row is read faster with one column in place of eight, and is no longer than
 * it was with six.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_SPANS_H
#define GOALTRACKER_SPANS_H

#include "postgres.h"

/*
 * Under which windows a touchpoint is credited: under window W by model M when
 * min_window <= W < M_below.  0 stands for never.
 */
typedef struct CreditSpan
{
	int16		min_window;
	int16		first_below;
	int16		last_below;
	int16		first_human_below;
	int16		last_human_below;
	int16		agent_below;
	int16		skill_below;
	int16		brand_below;
} CreditSpan;

/* Their places in the integer, from the lowest bits on; _span() knows them too. */
typedef enum SpanPlace
{
	SPAN_MIN_WINDOW,
	SPAN_FIRST,
	SPAN_LAST,
	SPAN_FIRST_HUMAN,
	SPAN_LAST_HUMAN,
	SPAN_AGENT,
	SPAN_SKILL,
	SPAN_BRAND
} SpanPlace;

#define SPAN_BITS 6
#define SPAN_MASK ((1 << SPAN_BITS) - 1)

static inline int64
spans_put(SpanPlace place, int16 value)
{
	return (int64) (value & SPAN_MASK) << (place * SPAN_BITS);
}

static inline int
spans_get(int64 spans, SpanPlace place)
{
	return (int) (spans >> (place * SPAN_BITS)) & SPAN_MASK;
}

/* The spans within a lookback of at most 31 days, as one integer. */
static inline int64
spans_pack(const CreditSpan *span)
{
	return spans_put(SPAN_MIN_WINDOW, span->min_window) |
		spans_put(SPAN_FIRST, span->first_below) |
		spans_put(SPAN_LAST, span->last_below) |
		spans_put(SPAN_FIRST_HUMAN, span->first_human_below) |
		spans_put(SPAN_LAST_HUMAN, span->last_human_below) |
		spans_put(SPAN_AGENT, span->agent_below) |
		spans_put(SPAN_SKILL, span->skill_below) |
		spans_put(SPAN_BRAND, span->brand_below);
}

#endif							/* GOALTRACKER_SPANS_H */
