/*-------------------------------------------------------------------------
 *
 * timeline.c
 *	  A journey in order, under an account's rules.
 *
 * Everything about a consumer that does not depend on the goal event at hand
 * is worked out here, once: which segments may earn credit at all (S3), in
 * which order they stand (S4), whose they are, and which goal events are
 * duplicates (S10).
 *
 * A conversation counts for a segment when it is in the same journey, that is,
 * of the same account and consumer; a segment without one earns nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"

/* Order of two texts by byte, as in collation "C"; an absent one comes last. */
int
text_order(const text *a, const text *b)
{
	Size		alen;
	Size		blen;
	int			order;

	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	alen = VARSIZE_ANY_EXHDR(a);
	blen = VARSIZE_ANY_EXHDR(b);
	order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(alen, blen));
	if (order != 0)
		return order;
	return (alen > blen) - (alen < blen);
}

static inline int
int64_order(int64 a, int64 b)
{
	return (a > b) - (a < b);
}

static inline const text *
heap_text(const JourneyView *view, HeapRef ref)
{
	return (const text *) journey_value(view, ref);
}

/* ------------------------------------------------------------------------
 * Conversations
 * ------------------------------------------------------------------------
 */

static int
by_opening(const void *left, const void *right)
{
	const Conversation *a = left;
	const Conversation *b = right;
	int			order = int64_order(a->entry->opened_at, b->entry->opened_at);

	return order != 0 ? order : text_order(a->conversation_id, b->conversation_id);
}

static void
order_conversations(Timeline *timeline)
{
	const JourneyView *view = &timeline->view;

	timeline->nconversations = view->nconversations;
	timeline->conversations = palloc0(Max(view->nconversations, 1) * sizeof(Conversation));
	for (int i = 0; i < view->nconversations; i++)
	{
		Conversation *conversation = &timeline->conversations[i];

		conversation->entry = &view->conversations[i];
		conversation->conversation_id = heap_text(view, conversation->entry->conversation_id);
	}
	qsort(timeline->conversations, timeline->nconversations, sizeof(Conversation), by_opening);
}

static int
by_conversation_id(const void *left, const void *right)
{
	const Conversation *a = *(Conversation *const *) left;
	const Conversation *b = *(Conversation *const *) right;

	return text_order(a->conversation_id, b->conversation_id);
}

/* The conversations of a timeline in order of their ids, to be searched. */
static Conversation **
index_conversations(const Timeline *timeline)
{
	Conversation **index = palloc(Max(timeline->nconversations, 1) * sizeof(Conversation *));

	for (int i = 0; i < timeline->nconversations; i++)
		index[i] = &timeline->conversations[i];
	qsort(index, timeline->nconversations, sizeof(Conversation *), by_conversation_id);
	return index;
}

static Conversation *
find_conversation(Conversation **index, int n, const text *conversation_id)
{
	int			low = 0;

	while (low < n)
	{
		int			middle = low + (n - low) / 2;
		int			order = text_order(conversation_id, index[middle]->conversation_id);

		if (order == 0)
			return index[middle];
		if (order < 0)
			n = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * Works out when the conversation started in the account's time zone (S15).
 * Goes through timezone(), so that a date is what AT TIME ZONE says it is.
 */
void
timeline_local_time(const Timeline *timeline, Conversation *conversation)
{
	TimestampTz opened_at = conversation->entry->opened_at;
	Timestamp	local;

	if (conversation->has_local_time)
		return;
	local = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone,
												  PointerGetDatum(timeline->rules->time_zone),
												  TimestampTzGetDatum(opened_at)));
	conversation->utc_offset = (int32) ((local - opened_at) / USECS_PER_SEC);
	conversation->local_date = DatumGetDateADT(DirectFunctionCall1(timestamp_date,
																   TimestampGetDatum(local)));
	conversation->has_local_time = true;
}

/* ------------------------------------------------------------------------
 * Touches
 * ------------------------------------------------------------------------
 */

static int
by_assignment(const void *left, const void *right)
{
	const Touch *a = left;
	const Touch *b = right;
	int			order = int64_order(a->entry->assigned_at, b->entry->assigned_at);

	if (order != 0)
		return order;
	order = text_order(a->conversation->conversation_id, b->conversation->conversation_id);
	if (order != 0)
		return order;
	return (a->entry->segment_no > b->entry->segment_no)
		- (a->entry->segment_no < b->entry->segment_no);
}

/*
 * Fills in a touch if the segment may earn credit (S3).  The conversation must
 * have started by the goal (S2) as well as the assignment, so it is kept even
 * where it opens after its segment.
 */
static bool
make_touch(const Timeline *timeline, Conversation **index, const JourneySegment *entry,
		   Touch *touch)
{
	const JourneyView *view = &timeline->view;
	const text *agent_id = heap_text(view, entry->agent_id);
	AgentRule	agent;

	if (agent_id == NULL)
		return false;
	agent = rules_agent(timeline->rules, agent_id);
	if (!rules_credit(timeline->rules, agent.user_type))
		return false;
	touch->conversation = find_conversation(index, timeline->nconversations,
											heap_text(view, entry->conversation_id));
	if (touch->conversation == NULL)
		return false;
	touch->opened_at = touch->conversation->entry->opened_at;
	touch->closed_at = touch->conversation->entry->closed_at;
	touch->entry = entry;
	touch->user_type = agent.user_type;
	touch->may_be_first = !entry->is_joined;
	touch->may_be_last = !entry->is_joined && !entry->is_post_survey && !agent.is_post_survey_bot;
	return true;
}

static void
order_touches(Timeline *timeline)
{
	const JourneyView *view = &timeline->view;
	Conversation **index = index_conversations(timeline);

	timeline->touches = palloc(Max(view->nsegments, 1) * sizeof(Touch));
	for (int i = 0; i < view->nsegments; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (make_touch(timeline, index, &view->segments[i],
					   &timeline->touches[timeline->ntouches]))
			timeline->ntouches++;
	}
	qsort(timeline->touches, timeline->ntouches, sizeof(Touch), by_assignment);
	pfree(index);
}

/* A name that is to be numbered: the touch, and its agent or skill. */
typedef struct NamedTouch
{
	const text *name;
	Touch	   *touch;
} NamedTouch;

static int
by_name(const void *left, const void *right)
{
	return text_order(((const NamedTouch *) left)->name, ((const NamedTouch *) right)->name);
}

/*
 * Numbers the agents, then the skills, so that a sweep can keep what it knows
 * of each in an array.  Returns how many there are.
 */
static int
number_names(Timeline *timeline, NamedTouch *named, bool want_skill)
{
	int			n = 0;

	for (int i = 0; i < timeline->ntouches; i++)
	{
		const JourneySegment *entry = timeline->touches[i].entry;

		named[i].touch = &timeline->touches[i];
		named[i].name = heap_text(&timeline->view, want_skill ? entry->skill_id : entry->agent_id);
	}
	qsort(named, timeline->ntouches, sizeof(NamedTouch), by_name);
	for (int i = 0; i < timeline->ntouches; i++)
	{
		if (i > 0 && by_name(&named[i - 1], &named[i]) != 0)
			n++;
		if (want_skill)
			named[i].touch->skill_no = n;
		else
			named[i].touch->agent_no = n;
	}
	return n + 1;
}

static void
number_agents_and_skills(Timeline *timeline)
{
	NamedTouch *named = palloc(Max(timeline->ntouches, 1) * sizeof(NamedTouch));

	timeline->nagents = number_names(timeline, named, false);
	timeline->nskills = number_names(timeline, named, true);
	pfree(named);
}

/* ------------------------------------------------------------------------
 * Goal events
 * ------------------------------------------------------------------------
 */

/* A goal event as S10 compares it. */
typedef struct BrandEvent
{
	const JourneyGoal *entry;
	const text *brand_event_id;
	const text *topic;			/* of service activities alone */
	const text *status;			/* likewise */
	const text *session_id;
	bool		is_service;
	Goal	   *goal;			/* goals are in order, so are their addresses */
} BrandEvent;

/* Order of what makes two events the same, sessions aside. */
static int
brand_event_order(const BrandEvent *a, const BrandEvent *b)
{
	int			order = (a->entry->event_type > b->entry->event_type)
		- (a->entry->event_type < b->entry->event_type);

	if (order == 0)
		order = a->is_service - b->is_service;
	if (order == 0)
		order = text_order(a->brand_event_id, b->brand_event_id);
	if (order == 0)
		order = text_order(a->topic, b->topic);
	if (order == 0)
		order = text_order(a->status, b->status);
	return order;
}

/* Same events together; of these, same sessions together; then by time. */
static int
by_brand_event(const void *left, const void *right)
{
	const BrandEvent *a = left;
	const BrandEvent *b = right;
	int			order = brand_event_order(a, b);

	if (order == 0)
		order = text_order(a->session_id, b->session_id);
	if (order == 0)
		order = (a->goal > b->goal) - (a->goal < b->goal);
	return order;
}

/*
 * Marks the duplicates among events that are the same but for their sessions,
 * and stand in the order above.  An event without a session repeats any earlier
 * one; an event with a session repeats an earlier one of that session or of
 * none.
 */
static void
mark_duplicates_of_one(BrandEvent *events, int n)
{
	const Goal *first = events[0].goal;
	const Goal *first_without = NULL;

	for (int i = 0; i < n; i++)
	{
		if (events[i].goal < first)
			first = events[i].goal;
		if (events[i].session_id == NULL &&
			(first_without == NULL || events[i].goal < first_without))
			first_without = events[i].goal;
	}
	for (int i = 0; i < n; i++)
	{
		Goal	   *goal = events[i].goal;
		bool		repeats_session = i > 0 &&
			text_order(events[i - 1].session_id, events[i].session_id) == 0;

		if (events[i].session_id == NULL)
			goal->is_duplicate = goal != first;
		else
			goal->is_duplicate = repeats_session ||
				(first_without != NULL && first_without < goal);
	}
}

static void
mark_duplicates(Timeline *timeline)
{
	const JourneyView *view = &timeline->view;
	BrandEvent *events = palloc(Max(timeline->ngoals, 1) * sizeof(BrandEvent));
	int			n = 0;
	int			start = 0;

	for (int i = 0; i < timeline->ngoals; i++)
	{
		Goal	   *goal = &timeline->goals[i];
		BrandEvent *event = &events[n];

		if (goal->entry->brand_event_id == 0)
			continue;
		n++;
		event->entry = goal->entry;
		event->goal = goal;
		event->brand_event_id = heap_text(view, goal->entry->brand_event_id);
		event->session_id = heap_text(view, goal->entry->session_id);
		event->is_service = goal->goal_type == GOAL_SERVICE;
		event->topic = event->is_service ? heap_text(view, goal->entry->topic) : NULL;
		event->status = event->is_service
			? heap_text(view, goal->entry->service_activity_status) : NULL;
	}
	if (n > 1)
		qsort(events, n, sizeof(BrandEvent), by_brand_event);
	for (int i = 1; i <= n; i++)
	{
		if (i < n && brand_event_order(&events[start], &events[i]) == 0)
			continue;
		mark_duplicates_of_one(&events[start], i - start);
		start = i;
	}
	pfree(events);
}

/* Goal events in order; the context tells the comparison where texts are. */
static int
by_reaching(const void *left, const void *right, void *view)
{
	const JourneyGoal *a = ((const Goal *) left)->entry;
	const JourneyGoal *b = ((const Goal *) right)->entry;
	int			order = int64_order(a->reached_at, b->reached_at);

	return order != 0 ? order
		: text_order(heap_text(view, a->goal_event_id), heap_text(view, b->goal_event_id));
}

static void
order_goals(Timeline *timeline)
{
	const JourneyView *view = &timeline->view;

	timeline->ngoals = view->ngoals;
	timeline->goals = palloc(Max(view->ngoals, 1) * sizeof(Goal));
	for (int i = 0; i < view->ngoals; i++)
	{
		Goal	   *goal = &timeline->goals[i];

		goal->entry = &view->goals[i];
		goal->is_duplicate = false;
		goal->goal_type = rules_goal_type(timeline->rules,
										  heap_text(view, goal->entry->goal_id),
										  (EventType) goal->entry->event_type);
	}
	qsort_arg(timeline->goals, timeline->ngoals, sizeof(Goal), by_reaching, (void *) view);
}

/*
 * The timeline of a journey, in the current memory context.  It points into
 * the journey, which must stay where it is.
 */
Timeline *
timeline_create(JourneyView view, const AttributionRules *rules)
{
	Timeline   *timeline = palloc0(sizeof(Timeline));

	timeline->view = view;
	timeline->rules = rules;
	order_goals(timeline);
	mark_duplicates(timeline);
	order_conversations(timeline);
	order_touches(timeline);
	number_agents_and_skills(timeline);
	return timeline;
}
