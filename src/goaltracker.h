/*-------------------------------------------------------------------------
 *
 * goaltracker.h
 *	  The map of the C code.
 *
 * goaltracker.c	library start, session settings
 * check.c			what the tables' constraints call
 * changes.c		triggers: which consumers a load has changed
 * refresh.c		one snapshot for all statements of a refresh
 * journey.c		type and aggregate journey: one consumer's entries, packed
 * journey_io.c		journey as text and on the wire
 * rules.c			an account's rules, read out of jsonb
 * timeline.c		a journey in order, under an account's rules
 * sweep.c			one goal event: its touchpoints and their spans of windows
 * spans.h			these spans, packed into one integer
 * weights.c		how models that share a goal event share it
 * rows.c			rows of the tables that refresh writes
 * touchpoints.c	set-returning functions over journeys
 * facts.c			journeys of a range of consumers or of some, read from the tables
 * writer.c			writing to the tables of refresh, many rows at a time
 * fill_rows.c		the first refresh of consumers: rows of a range, in chunks
 * fill.c			the first refresh of consumers: chunks in, rows written
 * changed.c		changed consumers: fresh rows against old ones
 * progress.c		how far a refresh is, for other sessions and for who waits for it
 * attribution_history.c	how many goal events are attributed, under every setting
 * report.c			what report views call for each row
 * paths.c			paths of journeys, those included that led to no goal event
 * shares.c			whether a plan works out parts of goal events
 * dates.c			dates under the session's hour offset, dates and instants as clients filter
 * conditions.c		conditions on what views work out, as indexes can find them
 * visibility.c		which rows the reader of a report may see
 * statistics.c		the planner's statistics of what report views read
 * work.c			aggregate _work: the work of distinct agent segments
 * measures.c		aggregate _measures: what reports add up, by duration bucket
 * comparison.c		the same side by side, by model or by window
 * once.h			the hash table under sum_once and count_once (their own header)
 * once_table.c		what of it is not inline: growing, sending, receiving
 * numbers.c		numerics as integers, for sums of them
 * sum_once.c		aggregate sum_once of numerics
 * sum_once_interval.c	aggregate sum_once of intervals
 * count_once.c		aggregate count_once
 * responses.c		aggregate agent_responses
 * import.c			soft conversions for the importers
 * data_driven.c	what markov_effects() and shapley_values() share (data_driven.h)
 * markov.c			aggregate markov_effects: counts a chain (markov.h)
 * markov_solve.c	its removal effects, by elimination
 * shapley.c		aggregate shapley_values: counts sets of players (shapley.h)
 * shapley_game.c	Shapley values of a conversion rate, exact or estimated
 *
 * Attribution goes through journey -> timeline -> sweep -> rows, values in, rows
 * out; none of these reads a table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_H
#define GOALTRACKER_H

#include "postgres.h"

#include "compat.h"
#include "access/htup.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "spans.h"
#include "storage/itemptr.h"
#include "storage/lockdefs.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/relcache.h"
#include "utils/timestamp.h"

/*
 * PostgreSQL loads libraries with their symbols in sight of all others; nothing
 * but what SQL calls needs to be.
 */
#pragma GCC visibility push(hidden)

/* Assertions of our own, for test builds against a server without any. */
#ifdef GOALTRACKER_ASSERTS
#define GtAssert(condition) \
	do { \
		if (!(condition)) \
			elog(PANIC, "goaltracker assertion failed: %s (%s:%d)", \
				 #condition, __FILE__, __LINE__); \
	} while (0)
#else
#define GtAssert(condition) ((void) true)
#endif

/* Contribution windows are whole days (S1). */
#define MAX_WINDOW 31

/* Longest lookback of touchpoints(): spans are stored in int16. */
#define MAX_LOOKBACK 3650

/* Longest half-life of time_decay, in days. */
#define MAX_HALF_LIFE 3650

/* Goal types (semantics.md, "Words"); codes as stored. */
typedef enum GoalType
{
	GOAL_SELL = 'S',
	GOAL_LEAD = 'L',
	GOAL_SERVICE = 'A',
	GOAL_INTERACT = 'I',
	GOAL_PAGE_VIEWS = 'P',
	GOAL_OTHER = 'O'
} GoalType;

/* User types; codes as stored. */
typedef enum UserType
{
	USER_HUMAN = 'H',
	USER_BOT = 'B',
	USER_SYSTEM = 'S',
	USER_UNASSIGNED = 'U'
} UserType;

/* Goal event types; codes as stored. */
typedef enum EventType
{
	EVENT_GOAL_ACHIEVED = 'G',
	EVENT_PURCHASE = 'P',
	EVENT_LEAD = 'L'
} EventType;

/* Attribution models, as accounts and sessions ask for them. */
typedef enum AttributionModel
{
	MODEL_OF_ACCOUNT,
	MODEL_FIRST,
	MODEL_LAST,
	MODEL_ALL,
	MODEL_LINEAR,
	MODEL_TIME_DECAY,
	MODEL_POSITION_BASED,
	MODEL_FIRST_HUMAN,
	MODEL_LAST_HUMAN
} AttributionModel;

/* Whether a model shares a goal event among touchpoints (S20). */
static inline bool
model_shares(AttributionModel model)
{
	return model >= MODEL_LINEAR && model <= MODEL_POSITION_BASED;
}

/* What position_based gives the first touchpoint, those between, and the last. */
typedef struct PositionWeights
{
	double		first;
	double		middle;
	double		last;
} PositionWeights;

#define MODELS_ALLOWED \
	"\"first\", \"last\", \"all\", \"linear\", \"time_decay\", \"position_based\", \"first_human\" " \
	"and \"last_human\""

#define DEFAULT_HALF_LIFE (7.0 * USECS_PER_DAY)

static const PositionWeights default_position_weights = {40, 20, 40};

/* --- check.c ------------------------------------------------------------ */

#define POSITION_WEIGHTS_ALLOWED \
	"Allowed are three numbers, for the first, those between and the last, each 0 or " \
	"from 0.000001 to 1000000, not all of them 0."

extern bool is_position_weight(double weight);
extern bool are_position_weights(ArrayType *array);

/* --- journey.c ---------------------------------------------------------- */

/*
 * A reference to a varlena value (text or numeric) in the journey's heap, as an
 * offset from its start; 0 stands for NULL.
 */
typedef uint32 HeapRef;

typedef struct JourneyConversation
{
	TimestampTz opened_at;
	TimestampTz closed_at;		/* DT_NOEND: still open */
	HeapRef		conversation_id;
} JourneyConversation;

typedef struct JourneySegment
{
	int64		segment_key;
	TimestampTz assigned_at;
	TimestampTz ended_at;		/* DT_NOEND: has not ended */
	HeapRef		conversation_id;
	HeapRef		agent_id;
	HeapRef		skill_id;
	int32		segment_no;
	int32		agent_messages;
	int32		agent_responses;
	bool		is_joined;
	bool		is_post_survey;
} JourneySegment;

typedef struct JourneyGoal
{
	int64		goal_event_key;
	TimestampTz reached_at;
	HeapRef		goal_event_id;
	HeapRef		goal_id;
	HeapRef		lead_value;		/* numeric */
	HeapRef		transaction_value;	/* numeric */
	HeapRef		currency;
	HeapRef		brand_event_id;
	HeapRef		topic;
	HeapRef		service_activity_status;
	HeapRef		session_id;
	char		event_type;		/* EventType */
} JourneyGoal;

/*
 * What a journey holds, wherever it is stored: in a value of the type or in an
 * aggregate's state.  Entries are in no particular order.
 */
typedef struct JourneyView
{
	int			nconversations;
	int			nsegments;
	int			ngoals;
	uint32		heap_size;
	const JourneyConversation *conversations;
	const JourneySegment *segments;
	const JourneyGoal *goals;
	const char *heap;
} JourneyView;

/* A journey that is being put together; all of it lives in one context. */
typedef struct JourneyBuilder JourneyBuilder;

extern JourneyBuilder *journey_begin(MemoryContext context);
extern void journey_reset(JourneyBuilder *builder);
extern void journey_add_conversation(JourneyBuilder *builder, const JourneyConversation *entry);
extern void journey_add_segment(JourneyBuilder *builder, const JourneySegment *entry);
extern void journey_add_goal(JourneyBuilder *builder, const JourneyGoal *entry);
extern HeapRef journey_add_value(JourneyBuilder *builder, const void *data, Size len);
extern JourneyView journey_view_of_builder(const JourneyBuilder *builder);
extern struct varlena *journey_pack(const JourneyBuilder *builder);
extern JourneyView journey_view(const struct varlena *journey);

/* The varlena value that a reference stands for, or NULL. */
static inline struct varlena *
journey_value(const JourneyView *view, HeapRef ref)
{
	GtAssert(ref < view->heap_size);
	return ref == 0 ? NULL : (struct varlena *) (view->heap + ref);
}

/* --- journey_io.c ------------------------------------------------------- */

extern void journey_write(StringInfo buf, const JourneyView *view);
extern void journey_read(StringInfo buf, JourneyBuilder *builder);

/* --- rules.c ------------------------------------------------------------ */

/*
 * What an account says about attribution, as refresh passes it along with each
 * journey: who is credited, who is who, and where dates are cut.
 */
typedef struct AttributionRules
{
	bool		credits_human;
	bool		credits_bot;
	bool		credits_system;
	int			max_touchpoints;
	text	   *time_zone;
	struct name_hash *agents;	/* those that are not plain humans, or NULL */
	struct name_hash *goals;	/* goal types by goal, or NULL */
} AttributionRules;

typedef struct AgentRule
{
	UserType	user_type;
	bool		is_post_survey_bot;
} AgentRule;

extern AttributionRules *rules_parse(Jsonb *document);
extern AgentRule rules_agent(const AttributionRules *rules, const text *agent_id);
extern bool rules_credit(const AttributionRules *rules, UserType user_type);
extern GoalType rules_goal_type(const AttributionRules *rules, const text *goal_id,
								EventType event_type);

/* --- timeline.c --------------------------------------------------------- */

/* A conversation, with what is worked out once for all goal events. */
typedef struct Conversation
{
	const JourneyConversation *entry;
	const text *conversation_id;
	bool		has_local_time;
	int32		utc_offset;		/* seconds east of UTC at opened_at */
	int32		local_date;		/* DateADT of opened_at in the account's zone */
} Conversation;

/* An agent segment that may earn credit (S3), in the order of S4. */
typedef struct Touch
{
	const JourneySegment *entry;
	Conversation *conversation;
	TimestampTz opened_at;		/* of the conversation, and */
	TimestampTz closed_at;		/* here for the sweep */
	int			agent_no;		/* number of the agent within the journey */
	int			skill_no;		/* likewise; no skill is a skill of its own */
	UserType	user_type;
	bool		may_be_first;	/* S5 */
	bool		may_be_last;	/* S6 */
	int16		min_window;		/* to the sweep's goal event at hand */
	int16		first_below;	/* see CreditSpan */
	int16		first_human_below;
} Touch;

typedef struct Goal
{
	const JourneyGoal *entry;
	GoalType	goal_type;
	bool		is_duplicate;	/* S10 */
} Goal;

/* One consumer's journey in order. */
typedef struct Timeline
{
	JourneyView view;
	const AttributionRules *rules;
	int			nconversations;
	int			ntouches;
	int			ngoals;
	int			nagents;
	int			nskills;
	Conversation *conversations;	/* by opened_at, conversation_id */
	Touch	   *touches;		/* in the order of S4 */
	Goal	   *goals;			/* by reached_at, goal_event_id */
} Timeline;

extern Timeline *timeline_create(JourneyView view, const AttributionRules *rules);
extern void timeline_local_time(const Timeline *timeline, Conversation *conversation);
extern int	text_order(const text *a, const text *b);

/* --- sweep.c ------------------------------------------------------------ */

/* A touchpoint of the goal event at hand; without a touch it is Unassigned (S8). */
typedef struct Touchpoint
{
	const Touch *touch;
	Conversation *conversation;
	CreditSpan	span;
	bool		is_kept;		/* S18 */
} Touchpoint;

/* Goes through the goal events of a timeline in order of time. */
typedef struct Sweep
{
	Timeline   *timeline;
	int			lookback;		/* days */
	int			next_goal;
	int			next_touch;		/* the first not yet assigned */
	int			next_conversation;	/* the first not yet opened */
	int			nactive_touches;
	int			nactive_conversations;
	Touch	  **active_touches; /* assigned and still in reach, in order */
	Conversation **active_conversations;	/* opened and still in reach, in order */
	int16	   *agent_best;		/* scratch, by agent_no */
	int16	   *skill_best;		/* scratch, by skill_no */
	Touchpoint *space;			/* for touchpoints */

	/* the goal event at hand */
	Goal	   *goal;
	int			reach_window;	/* smallest window with a conversation in reach, or -1 */
	int			ncut;			/* touchpoints left out by S18 */
	int			ntouchpoints;
	Touchpoint *touchpoints;	/* those of touches in order; all that are kept */
} Sweep;

extern Sweep *sweep_begin(Timeline *timeline, int lookback);
extern bool sweep_next_goal(Sweep *sweep);

/* --- rows.c ------------------------------------------------------------- */

#define MAX_ROW_COLUMNS 32

/* A row under construction. */
typedef struct RowBuilder
{
	const JourneyView *view;
	int			n;
	Datum		values[MAX_ROW_COLUMNS];
	bool		nulls[MAX_ROW_COLUMNS];
} RowBuilder;

static inline void
row_begin(RowBuilder *row, const JourneyView *view)
{
	row->view = view;
	row->n = 0;
}

static inline void
row_put(RowBuilder *row, Datum value)
{
	row->values[row->n] = value;
	row->nulls[row->n++] = false;
}

static inline void
row_put_null(RowBuilder *row)
{
	row->values[row->n] = (Datum) 0;
	row->nulls[row->n++] = true;
}

static inline void
row_put_ref(RowBuilder *row, HeapRef ref)
{
	if (ref == 0)
		row_put_null(row);
	else
		row_put(row, PointerGetDatum(journey_value(row->view, ref)));
}

/* Tables that refresh writes. */
enum
{
	REFRESHED_TOUCHPOINT,
	REFRESHED_GOAL_OUTCOME,
	REFRESHED_TABLES
};

/* What an outcome says of the refresh that wrote it. */
typedef struct OutcomeWritten
{
	TimestampTz updated_at;		/* its turn: later than that of any refresh before */
	uint64		touchpoints_hash;
} OutcomeWritten;

extern Relation refreshed_table_open(int table_no, LOCKMODE lockmode);
extern TupleDesc refreshed_row_type(int table_no);
extern void touchpoint_row(RowBuilder *row, const Sweep *sweep, const Touchpoint *point,
						   Datum account_id);
extern uint64 touchpoints_hash(uint64 before, HeapTupleHeader row, uint32 len);
extern void goal_outcome_row(RowBuilder *row, const Sweep *sweep, Datum account_id,
							 Datum consumer_id, const OutcomeWritten *written);

/* Whether two texts are the same, byte by byte. */
static inline bool
text_same(const text *a, const text *b)
{
	Size		len = VARSIZE_ANY_EXHDR(a);

	return len == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), len) == 0;
}

/* Whether a text is this word. */
static inline bool
text_is(const text *value, const char *word)
{
	Size		len = strlen(word);

	return VARSIZE_ANY_EXHDR(value) == len && memcmp(VARDATA_ANY(value), word, len) == 0;
}

/* A hash of a text's bytes. */
static inline uint32
text_hash(const text *value)
{
	return hash_bytes((const unsigned char *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/* --- weights.c ---------------------------------------------------------- */

/* Weights are whole millionths (S21). */
#define WHOLE_WEIGHT 1000000

/* A model that shares, and what it goes by (S20). */
typedef struct SharingRules
{
	AttributionModel model;
	double		half_life;		/* microseconds */
	PositionWeights position;
} SharingRules;

extern void share_among(const SharingRules *rules, const TimestampTz *assigned_at, int n,
						int32 *weights);
extern struct varlena *touches_pack(const Sweep *sweep);

/* The touches of a goal event, read: who shares it under a window, and how. */
typedef struct Sharing Sharing;

extern Sharing *sharing_create(void);
extern void sharing_read(Sharing *sharing, Datum touches, const SharingRules *rules, int window);
extern int	sharing_find(const Sharing *sharing, int64 segment_key);
extern int32 sharing_weight(const Sharing *sharing, int no);
extern Numeric sharing_part(const Sharing *sharing, int no, Numeric value);

/* --- facts.c ------------------------------------------------------------ */

/* Reads the facts of consumers, one after the other. */
typedef struct FactReader FactReader;

extern FactReader *facts_begin_range(Datum account_id, Datum after_consumer,
									 Datum up_to_consumer);
extern FactReader *facts_begin_list(Datum account_id, Datum consumer_ids);
extern FactReader *facts_begin_account(Datum account_id);
extern bool facts_next(FactReader *facts, JourneyView *journey, Datum *consumer_id);
extern bool facts_next_any(FactReader *facts, JourneyView *journey, Datum *consumer_id);
extern bool facts_of_consumer(FactReader *facts, const text *consumer_id, JourneyView *journey);
extern int64 facts_take_count(FactReader *facts);
extern void facts_end(FactReader *facts);

/* --- writer.c ----------------------------------------------------------- */

/*
 * Journeys come by consumer, but reports ask for days.  So in a first refresh rows
 * of a date share pages: each lane of a table is written to pages of its own, and
 * takes the rows of another date after as many days as there are lanes.  Lanes of
 * several days are filled a little faster, and read slower: a range of an index by
 * date comes back to each page once for each of its dates.
 */
#define LANES 512

/* Writes rows of the tables of refresh. */
typedef struct RefreshWriter RefreshWriter;

extern RefreshWriter *writer_begin(void);
extern Relation writer_table(const RefreshWriter *writer, int table_no);
extern uint64 writer_nrows(const RefreshWriter *writer, int table_no);
extern uint64 writer_ndeleted(const RefreshWriter *writer, int table_no);
extern void writer_put(RefreshWriter *writer, int table_no, int lane_no, const void *row,
					   uint32 len);
extern void writer_delete(RefreshWriter *writer, int table_no, ItemPointer tid);
extern void writer_next_command(RefreshWriter *writer);
extern void writer_end(RefreshWriter *writer);

/* --- fill_rows.c -------------------------------------------------------- */

/* A chunk of rows, as a bytea: this, and rows behind it, each MAXALIGNed. */
typedef struct ChunkHeader
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		nconsumers;		/* looked at since the chunk before */
	int32		nwith_goals;	/* of these, those whose goal events follow */
	int32		unused;			/* rows stay aligned */
} ChunkHeader;

/* Stands before the tuple itself, header included. */
typedef struct ChunkRow
{
	uint32		len;			/* of the tuple */
	uint16		table;
	uint16		lane;
} ChunkRow;

/* In place of a table: no tuple, but the OutcomeClass of a goal event. */
#define CHUNK_OUTCOME_CLASS REFRESHED_TABLES

/* --- progress.c --------------------------------------------------------- */

extern void progress_add(int64 nconsumers);
extern void progress_show(void);

/* --- attribution_history.c ---------------------------------------------- */

/* The windows that say what becomes of a goal event. */
enum
{
	CLASS_REACH,				/* the smallest that reaches any conversation */
	CLASS_FIRST,				/* the smallest under which First credits somebody, */
	CLASS_LAST,					/* Last, */
	CLASS_ALL,					/* All and the models that share, */
	CLASS_FIRST_HUMAN,			/* and First and Last */
	CLASS_LAST_HUMAN,			/* among humans */
	CLASS_WINDOWS
};

typedef struct OutcomeClass
{
	bool		is_duplicate;
	uint8		windows[CLASS_WINDOWS]; /* MAX_WINDOW + 1: none does */
} OutcomeClass;

typedef struct OutcomeCounts OutcomeCounts;

extern OutcomeCounts *outcome_counts_begin(void);
extern OutcomeClass outcome_class(bool is_duplicate, int reach_window);
extern OutcomeClass outcome_class_of_sweep(const Sweep *sweep);
extern void outcome_class_take_row(OutcomeClass *class, const HeapTupleData *touchpoint);
extern void outcome_counts_add(OutcomeCounts *counts, const OutcomeClass *class, int times);
extern void outcome_counts_save(const OutcomeCounts *counts, Datum account_id);

/* --- report.c ----------------------------------------------------------- */

typedef struct AccountSettings AccountSettings;

/* What a call site of a report function keeps for as long as its query runs. */
typedef struct ReportCall
{
	const AccountSettings *settings;	/* of the calling row's account */
	void	   *own;			/* the function's own, NULL at first */
} ReportCall;

extern ReportCall *report_call(FunctionCallInfo fcinfo, int first_arg);
extern SpanPlace span_of_model(AttributionModel model);
extern AttributionModel model_in_force(const AccountSettings *settings);
extern int	window_in_force(const AccountSettings *settings);
extern SharingRules sharing_rules(const AccountSettings *settings, AttributionModel model);
extern double half_life_of_interval(const Interval *interval);
extern PositionWeights position_of_array(ArrayType *array);
extern int64 assigned_usecs(TimestampTz assigned_at, TimestampTz assigned_until);

/* --- measures.c --------------------------------------------------------- */

extern void *measures_add_values(void *state, MemoryContext context, int bucket_no,
								 bool is_reached, int32 conversion, NullableDatum lead_value,
								 NullableDatum transaction_value);

/* --- shares.c ----------------------------------------------------------- */

pg_noreturn extern void refuse_plan(void);

/* --- visibility.c ------------------------------------------------------- */

extern void visibility_init(void);
extern void refuse_restricted(const char *relation, const char *hint);

/* --- conditions.c ------------------------------------------------------- */

extern void conditions_init(void);

/* --- statistics.c ------------------------------------------------------- */

extern void statistics_init(void);

/* --- goaltracker.c ------------------------------------------------------ */

extern bool model_of_name(const char *name, Size len, AttributionModel *model);
extern AttributionModel session_model_in_force(void);
extern bool session_sets_sharing_model(void);
extern int	session_window_in_force(void);
extern double session_half_life_in_force(void);
extern const PositionWeights *session_position_weights_in_force(void);
extern int64 session_hour_offset_in_force(void);
extern bool session_sets_hour_offset(void);

#pragma GCC visibility pop

/* --- dates.c ------------------------------------------------------------ */

/* What SQL calls, and conditions.c looks for: in sight, unlike the rest. */
extern Datum goaltracker_date_key(PG_FUNCTION_ARGS);
extern Datum goaltracker_date(PG_FUNCTION_ARGS);
extern Datum goaltracker_first_date(PG_FUNCTION_ARGS);
extern Datum goaltracker_utc(PG_FUNCTION_ARGS);
extern Datum goaltracker_from_utc(PG_FUNCTION_ARGS);
extern Datum goaltracker_day_from_utc(PG_FUNCTION_ARGS);

#endif							/* GOALTRACKER_H */
