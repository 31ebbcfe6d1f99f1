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
 * assigned one that stands later, the survey bot aside; under first_human and
 * last_human the same, of humans alone; under All any later one of the same
 * agent, of the same skill, or any at all.  So one pass in each direction,
 * carrying along the smallest min_window seen, gives every span.
 *
 * Goal events come in order of time.  What is assigned or opened by then is
 * "active" until no later goal event can reach it any more: what is left
 * behind is never looked at again, and a goal event costs as much as there is
 * within its lookback, not as much as there is in the journey.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

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
	sweep->space = palloc((ntouches + nconversations) * sizeof(Touchpoint));
	sweep->touchpoints = sweep->space;
	return sweep;
}

/*
 * The smallest window, in days of exactly 24 hours, that reaches back from the
 * goal to the end of a conversation (S2); beyond the lookback it is
 * lookback + 1.
 */
static inline int16
min_window(const Sweep *sweep, TimestampTz reached_at, TimestampTz closed_at)
{
	uint64		days;

	if (closed_at >= reached_at)
		return 0;
	/* unsigned, because infinity may be one of the two */
	days = ((uint64) reached_at - (uint64) closed_at - 1) / USECS_PER_DAY + 1;
	return (int16) Min(days, (uint64) sweep->lookback + 1);
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
	int16		first_human;
	int16		last_human;
	int16		all;
} Takers;

/*
 * The passes below meet touches one after the other: each that a model could
 * credit is credited until the window reaches one of those met before.
 */
static inline int16
take(int16 *best, int16 from)
{
	int16		below = span_end(from, *best);

	lower(best, from);
	return below;
}

static inline bool
is_human(const Touch *touch)
{
	return touch->user_type == USER_HUMAN;
}

/*
 * The pass forward.  Takes in what has been assigned by the goal at hand, lets
 * go what neither this goal nor a later one can reach, and works out under
 * which windows what is in reach is credited by First and by first_human: an earlier
 * assigned touchpoint takes the credit away (S5, S19).  A segment may stand before the start
 * of its conversation: it is active, but not yet in reach.
 */
static void
sweep_forward(Sweep *sweep, Takers *best)
{
	const Timeline *timeline = sweep->timeline;
	TimestampTz reached_at = sweep->goal->entry->reached_at;
	int16		never = sweep->lookback + 1;
	int			n = 0;

	while (sweep->next_touch < timeline->ntouches &&
		   timeline->touches[sweep->next_touch].entry->assigned_at <= reached_at)
		sweep->active_touches[sweep->nactive_touches++] = &timeline->touches[sweep->next_touch++];
	for (int i = 0; i < sweep->nactive_touches; i++)
	{
		Touch	   *touch = sweep->active_touches[i];
		int16		window = min_window(sweep, reached_at, touch->closed_at);

		if (window == never)
			continue;
		sweep->active_touches[n++] = touch;
		if (touch->opened_at > reached_at)
			window = never;
		touch->min_window = window;
		touch->first_below = 0;
		touch->first_human_below = 0;
		sweep->agent_best[touch->agent_no] = never;
		sweep->skill_best[touch->skill_no] = never;
		if (!touch->may_be_first)
			continue;
		touch->first_below = take(&best->first, window);
		if (is_human(touch))
			touch->first_human_below = take(&best->first_human, window);
	}
	sweep->nactive_touches = n;
}

static void
advance_conversations(Sweep *sweep)
{
	const Timeline *timeline = sweep->timeline;
	TimestampTz reached_at = sweep->goal->entry->reached_at;
	int16		best = sweep->lookback + 1;
	int			n = 0;

	while (sweep->next_conversation < timeline->nconversations &&
		   timeline->conversations[sweep->next_conversation].entry->opened_at <= reached_at)
		sweep->active_conversations[sweep->nactive_conversations++] =
			&timeline->conversations[sweep->next_conversation++];
	for (int i = 0; i < sweep->nactive_conversations; i++)
	{
		Conversation *conversation = sweep->active_conversations[i];
		int16		window = min_window(sweep, reached_at, conversation->entry->closed_at);

		if (window > sweep->lookback)
			continue;
		sweep->active_conversations[n++] = conversation;
		lower(&best, window);
	}
	sweep->nactive_conversations = n;
	sweep->reach_window = n > 0 ? best : -1;
}

static inline bool
is_ever_credited(const CreditSpan *span)
{
	return span->first_below | span->last_below |
		span->first_human_below | span->last_human_below |
		span->agent_below | span->skill_below | span->brand_below;
}

/*
 * The pass backward: under which windows touches are credited by Last, last_human
 * and the levels of All; a later one takes the credit away (S6, S7, S19).  Makes
 * touchpoints, in the order of the touches, of what is credited, and of as many
 * others as S18 might keep.  The rest, with very many touches nearly all, is
 * counted as cut.
 */
static void
sweep_backward(Sweep *sweep, Takers *best)
{
	int16		never = sweep->lookback + 1;
	int			room = sweep->timeline->rules->max_touchpoints;
	Touchpoint *end = sweep->space + sweep->nactive_touches;
	Touchpoint *point = end;

	for (int i = sweep->nactive_touches - 1; i >= 0; i--)
	{
		const Touch *touch = sweep->active_touches[i];
		int16	   *agent_best = &sweep->agent_best[touch->agent_no];
		int16	   *skill_best = &sweep->skill_best[touch->skill_no];
		int16		from = touch->min_window;
		CreditSpan	span = {.min_window = from,.first_below = touch->first_below,
			.first_human_below = touch->first_human_below};

		if (from == never)
			continue;
		span.agent_below = take(agent_best, from);
		span.skill_below = take(skill_best, from);
		span.brand_below = take(&best->all, from);
		if (touch->may_be_last)
			span.last_below = take(&best->last, from);
		if (touch->may_be_last && is_human(touch))
			span.last_human_below = take(&best->last_human, from);
		if (!is_ever_credited(&span) && room-- <= 0)
		{
			sweep->ncut++;
			continue;
		}
		point--;
		point->touch = touch;
		point->conversation = touch->conversation;
		point->span = span;
	}
	sweep->touchpoints = point;
	sweep->ntouchpoints = end - point;
}

/*
 * S18: what some window credits stays, whatever its number; of the others the
 * latest stay.
 */
static void
limit_touchpoints(Sweep *sweep)
{
	int			room = sweep->timeline->rules->max_touchpoints;

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
 * the row away, and so does any touchpoint that the model could credit.
 */
static void
add_unassigned(Sweep *sweep, const Takers *takers)
{
	TimestampTz reached_at = sweep->goal->entry->reached_at;
	int16		best = sweep->lookback + 1;

	for (int i = sweep->nactive_conversations - 1; best > sweep->reach_window && i >= 0; i--)
	{
		Conversation *conversation = sweep->active_conversations[i];
		int16		from = min_window(sweep, reached_at, conversation->entry->closed_at);
		CreditSpan	span;

		span.min_window = from;
		span.first_below = span_end(from, Min(best, takers->first));
		span.last_below = span_end(from, Min(best, takers->last));
		span.first_human_below = span_end(from, Min(best, takers->first_human));
		span.last_human_below = span_end(from, Min(best, takers->last_human));
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
}

/*
 * Goes on to the next goal event and works out its touchpoints; false when
 * there is none.  A duplicate has no touchpoints (S10).
 */
bool
sweep_next_goal(Sweep *sweep)
{
	int16		never = sweep->lookback + 1;
	Takers		takers = {never, never, never, never, never};

	CHECK_FOR_INTERRUPTS();
	if (sweep->next_goal >= sweep->timeline->ngoals)
		return false;
	sweep->goal = &sweep->timeline->goals[sweep->next_goal++];

	sweep->reach_window = -1;
	sweep->ncut = 0;
	sweep->ntouchpoints = 0;
	if (sweep->goal->is_duplicate)
		return true;

	advance_conversations(sweep);
	sweep_forward(sweep, &takers);
	sweep_backward(sweep, &takers);
	limit_touchpoints(sweep);
	add_unassigned(sweep, &takers);
	return true;
}
