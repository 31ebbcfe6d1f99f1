/*-------------------------------------------------------------------------
 *
 * sweep.c
 *	  One goal event after the other: its touchpoints, and under which windows
 *	  each is credited.
 *
 * Windows are whole days, so a setting need not be known here: a touchpoint is
 * within reach from its min_window on, and is credited until the window gets
 * so large that it reaches another touchpoint which takes the credit away.
 * Under First that is any assigned one that stands earlier; under Last any
 * assigned one that stands later, the survey bot aside; under All any later
 * one of the same agent, of the same skill, or any at all.  So one pass in each
 * direction, carrying along the smallest min_window seen, gives every span.
 *
 * Goal events come in order of time.  What is assigned or opened by then is
 * "active" until no later goal event can reach it any more: what is left
 * behind is never looked at again, and a goal event costs as much as there is
 * within its lookback, not as much as there is in the journey.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "common/int.h"
#include "miscadmin.h"

/* Starts before the first goal event; all of it in the current context. */
Sweep *
sweep_begin(Timeline *timeline, int lookback)
{
	Sweep	   *sweep = palloc0(sizeof(Sweep));
	int			ntouches = Max(timeline->ntouches, 1);
	int			nconversations = Max(timeline->nconversations, 1);

	sweep->timeline = timeline;
	sweep->lookback = lookback;
	sweep->active_touches = palloc(ntouches * sizeof(Touch *));
	sweep->active_conversations = palloc(nconversations * sizeof(Conversation *));
	sweep->agent_best = palloc(timeline->nagents * sizeof(int16));
	sweep->skill_best = palloc(timeline->nskills * sizeof(int16));
	/* a goal event has touchpoints for touches, else rows for conversations */
	sweep->touchpoints = palloc((ntouches + nconversations) * sizeof(Touchpoint));
	return sweep;
}

/*
 * The smallest window, in days of exactly 24 hours, that reaches back from the
 * goal to the end of the conversation (S2); beyond the lookback it is
 * lookback + 1.
 */
static int16
min_window(const Sweep *sweep, const Conversation *conversation)
{
	int64		ago;
	int64		days;

	if (conversation->entry->closed_at >= sweep->goal->entry->reached_at)
		return 0;
	if (pg_sub_s64_overflow(sweep->goal->entry->reached_at,
							conversation->entry->closed_at, &ago))
		return sweep->lookback + 1;
	days = ago / USECS_PER_DAY + (ago % USECS_PER_DAY != 0);
	return (int16) Min(days, sweep->lookback + 1);
}

/*
 * Takes in what has been assigned by the goal at hand, lets go what neither
 * this goal nor a later one can reach, and makes touchpoints of what is in reach.
 * A segment may stand before the start of its conversation: it is active, but
 * not yet in reach.
 */
static void
advance_touches(Sweep *sweep)
{
	const Timeline *timeline = sweep->timeline;
	TimestampTz reached_at = sweep->goal->entry->reached_at;
	int			n = 0;

	while (sweep->next_touch < timeline->ntouches &&
		   timeline->touches[sweep->next_touch].entry->assigned_at <= reached_at)
		sweep->active_touches[sweep->nactive_touches++] = &timeline->touches[sweep->next_touch++];
	for (int i = 0; i < sweep->nactive_touches; i++)
	{
		Touch	   *touch = sweep->active_touches[i];
		int16		window = min_window(sweep, touch->conversation);
		Touchpoint *point;

		if (window > sweep->lookback)
			continue;
		sweep->active_touches[n++] = touch;
		if (touch->conversation->entry->opened_at > reached_at)
			continue;
		point = &sweep->touchpoints[sweep->ntouchpoints++];
		memset(point, 0, sizeof(Touchpoint));
		point->touch = touch;
		point->conversation = touch->conversation;
		point->span.min_window = window;
	}
	sweep->nactive_touches = n;
}

static void
advance_conversations(Sweep *sweep)
{
	const Timeline *timeline = sweep->timeline;
	TimestampTz reached_at = sweep->goal->entry->reached_at;
	int			n = 0;

	while (sweep->next_conversation < timeline->nconversations &&
		   timeline->conversations[sweep->next_conversation].entry->opened_at <= reached_at)
		sweep->active_conversations[sweep->nactive_conversations++] =
			&timeline->conversations[sweep->next_conversation++];
	for (int i = 0; i < sweep->nactive_conversations; i++)
	{
		Conversation *conversation = sweep->active_conversations[i];

		if (min_window(sweep, conversation) <= sweep->lookback)
			sweep->active_conversations[n++] = conversation;
	}
	sweep->nactive_conversations = n;
}

/* A span is empty where the credit is taken away before it is given. */
static inline int16
span_end(int16 from, int16 below)
{
	return from < below ? below : 0;
}

static inline void
lower(int16 *best, int16 window)
{
	if (window < *best)
		*best = window;
}

/*
 * What models could credit, as the smallest window that reaches any of it; for
 * S8.
 */
typedef struct Takers
{
	int16		first;
	int16		last;
	int16		all;
} Takers;

/* First: an earlier assigned touchpoint takes the credit away (S5). */
static int16
sweep_forward(Sweep *sweep)
{
	int16		best = sweep->lookback + 1;

	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		Touchpoint *point = &sweep->touchpoints[i];

		if (!point->touch->may_be_first)
			continue;
		point->span.first_below = span_end(point->span.min_window, best);
		lower(&best, point->span.min_window);
	}
	return best;
}

/* Last and the levels of All: a later touchpoint takes it away (S6, S7). */
static Takers
sweep_backward(Sweep *sweep)
{
	int16		never = sweep->lookback + 1;
	Takers		best = {never, never, never};

	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		sweep->agent_best[sweep->touchpoints[i].touch->agent_no] = never;
		sweep->skill_best[sweep->touchpoints[i].touch->skill_no] = never;
	}
	for (int i = sweep->ntouchpoints - 1; i >= 0; i--)
	{
		Touchpoint *point = &sweep->touchpoints[i];
		CreditSpan *span = &point->span;
		int16	   *agent_best = &sweep->agent_best[point->touch->agent_no];
		int16	   *skill_best = &sweep->skill_best[point->touch->skill_no];

		span->agent_below = span_end(span->min_window, *agent_best);
		span->skill_below = span_end(span->min_window, *skill_best);
		span->brand_below = span_end(span->min_window, best.all);
		lower(agent_best, span->min_window);
		lower(skill_best, span->min_window);
		lower(&best.all, span->min_window);
		if (!point->touch->may_be_last)
			continue;
		span->last_below = span_end(span->min_window, best.last);
		lower(&best.last, span->min_window);
	}
	return best;
}

static inline bool
is_ever_credited(const CreditSpan *span)
{
	return span->first_below | span->last_below |
		span->agent_below | span->skill_below | span->brand_below;
}

/*
 * S18: what some window credits stays, whatever its number; of the others the
 * latest stay.
 */
static void
limit_touchpoints(Sweep *sweep)
{
	int			room = sweep->timeline->rules->max_touchpoints;

	sweep->ncut = 0;
	for (int i = 0; i < sweep->ntouchpoints; i++)
	{
		Touchpoint *point = &sweep->touchpoints[i];

		point->is_kept = is_ever_credited(&point->span);
		room -= point->is_kept;
	}
	for (int i = sweep->ntouchpoints - 1; i >= 0; i--)
	{
		Touchpoint *point = &sweep->touchpoints[i];

		if (point->is_kept)
			continue;
		if (room-- > 0)
			point->is_kept = true;
		else
			sweep->ncut++;
	}
}

/*
 * S8: where a conversation is in reach but a model finds nobody to credit, the
 * latest conversation stands for the goal event.  A later conversation takes
 * the row away, and so does any touchpoint that the model could credit.  Also
 * notes the smallest window that reaches any conversation (S9).
 */
static void
add_unassigned(Sweep *sweep, const Takers *takers)
{
	int16		best = sweep->lookback + 1;

	for (int i = sweep->nactive_conversations - 1; i >= 0 && best > 0; i--)
	{
		Conversation *conversation = sweep->active_conversations[i];
		int16		from = min_window(sweep, conversation);
		CreditSpan	span;

		span.min_window = from;
		span.first_below = span_end(from, Min(best, takers->first));
		span.last_below = span_end(from, Min(best, takers->last));
		span.agent_below = span_end(from, Min(best, takers->all));
		span.skill_below = span.brand_below = span.agent_below;
		lower(&best, from);
		if (is_ever_credited(&span))
		{
			Touchpoint *point = &sweep->touchpoints[sweep->ntouchpoints++];

			point->touch = NULL;
			point->conversation = conversation;
			point->span = span;
			point->is_kept = true;
		}
	}
	sweep->reach_window = best <= sweep->lookback ? best : -1;
}

/*
 * Goes on to the next goal event and works out its touchpoints; false when
 * there is none.  A duplicate has no touchpoints (S10).
 */
bool
sweep_next_goal(Sweep *sweep)
{
	Takers		takers;

	CHECK_FOR_INTERRUPTS();
	if (sweep->next_goal >= sweep->timeline->ngoals)
		return false;
	sweep->goal = &sweep->timeline->goals[sweep->next_goal++];

	sweep->reach_window = -1;
	sweep->ncut = 0;
	sweep->ntouchpoints = 0;
	if (sweep->goal->is_duplicate)
		return true;

	advance_touches(sweep);
	advance_conversations(sweep);
	takers = sweep_backward(sweep);
	takers.first = sweep_forward(sweep);
	limit_touchpoints(sweep);
	add_unassigned(sweep, &takers);
	return true;
}
