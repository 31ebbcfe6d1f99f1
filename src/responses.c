/*-------------------------------------------------------------------------
 *
 * responses.c
 *		The aggregate agent_responses(): the responses of agents in one
 *		conversation (S14), out of its messages in any order.
 *
 * A response is a run of consecutive messages of one agent that follows a message
 * of another participant.  A run that opens the conversation is none, messages of
 * the system neither count nor break a run, and each dialog stands for itself.
 *
 * What follows what is only known when all messages are there, so the state is
 * simply the messages.  Their order is in them (time, sequence number, and for
 * messages alike in both something that is the same every time), never in their
 * arrival: that is what makes partial states of parallel workers fit together in
 * any order.  The final function sorts references to the messages and leaves the
 * state alone, so the aggregate works as a window function, too.
 *
 * The names of participants and dialogs repeat from message to message; a state
 * remembers the few that it saw last and points to them again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "compat.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(goaltracker_agent_responses_add);
PG_FUNCTION_INFO_V1(goaltracker_agent_responses_combine);
PG_FUNCTION_INFO_V1(goaltracker_agent_responses_serialize);
PG_FUNCTION_INFO_V1(goaltracker_agent_responses_deserialize);
PG_FUNCTION_INFO_V1(goaltracker_agent_responses_final);

/* How many names a state remembers. */
#define RECENT_NAMES	8

#define MIN_MESSAGES	16

/* Who sent a message; those of the system are never stored. */
typedef enum Sender
{
	SENDER_AGENT = 'A',
	SENDER_OTHER = 'O'
} Sender;

typedef struct Message
{
	TimestampTz sent_at;
	int64		seq;
	const text *participant;	/* NULL: not known */
	const text *dialog;			/* NULL: the main dialog */
	bool		has_seq;
	char		sender;			/* Sender */
} Message;

typedef struct ResponseState
{
	MemoryContext context;
	int64		nmessages;
	int64		capacity;
	Message    *messages;
	int			next_recent;
	const text *recent[RECENT_NAMES];
} ResponseState;

/* A run of messages that is a response. */
typedef struct Response
{
	const Message *start;
	int32		nmessages;
} Response;

static MemoryContext aggregate_context(FunctionCallInfo fcinfo);
static ResponseState *state_create(MemoryContext context);
static void state_add(ResponseState *state, const Message *message);
static const text *state_name(ResponseState *state, const text *name);
static bool same_name(const text *a, const text *b);
static int	name_order(const text *a, const text *b);
static int	message_order(const void *a, const void *b);
static int	response_order(const void *a, const void *b);
static int64 find_responses(const Message **messages, int64 nmessages, Response *responses);
static Datum make_response(TupleDesc desc, const Response *response);
static void send_name(StringInfo buf, const text *name);
static const text *receive_name(StringInfo buf);

/*
 * agent_responses_add(state internal, sent_by text, participant_id text,
 *					   sent_at timestamptz, seq bigint, dialog_id text)
 *
 * Transition function.  sent_by is Agent, Consumer or System, in any case;
 * whoever is neither an agent nor the system is another participant.  Without
 * sent_by or sent_at nothing can be said of a message: it is passed over, as are
 * messages of the system.  An agent's message without a participant breaks runs
 * and is followed by responses, but earns none.  seq orders messages of the same
 * instant, those without one come last.  A NULL dialog_id stands for the main
 * dialog.
 */
Datum
goaltracker_agent_responses_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ResponseState *state = PG_ARGISNULL(0) ? NULL : (ResponseState *) PG_GETARG_POINTER(0);
	const text *sent_by;
	const char *sender;
	size_t		sender_len;
	Message		message;

	if (state == NULL)
		state = state_create(context);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_POINTER(state);

	sent_by = PG_GETARG_TEXT_PP(1);
	sender = VARDATA_ANY(sent_by);
	sender_len = VARSIZE_ANY_EXHDR(sent_by);
	if (sender_len == 6 && pg_strncasecmp(sender, "system", 6) == 0)
		PG_RETURN_POINTER(state);

	message.sender = SENDER_OTHER;
	if (sender_len == 5 && pg_strncasecmp(sender, "agent", 5) == 0)
		message.sender = SENDER_AGENT;
	message.participant = PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2);
	message.sent_at = PG_GETARG_TIMESTAMPTZ(3);
	message.has_seq = !PG_ARGISNULL(4);
	message.seq = message.has_seq ? PG_GETARG_INT64(4) : 0;
	message.dialog = PG_ARGISNULL(5) ? NULL : PG_GETARG_TEXT_PP(5);
	state_add(state, &message);

	PG_RETURN_POINTER(state);
}

/*
 * agent_responses_combine(state internal, other internal)
 *
 * Adds the messages of the other state; NULL is a state without any.
 */
Datum
goaltracker_agent_responses_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	ResponseState *state = PG_ARGISNULL(0) ? NULL : (ResponseState *) PG_GETARG_POINTER(0);
	const ResponseState *other = PG_ARGISNULL(1) ? NULL : (ResponseState *) PG_GETARG_POINTER(1);

	if (state == NULL)
		state = state_create(context);
	if (other == NULL)
		PG_RETURN_POINTER(state);

	for (int64 i = 0; i < other->nmessages; i++)
	{
		CHECK_FOR_INTERRUPTS();
		state_add(state, &other->messages[i]);
	}
	PG_RETURN_POINTER(state);
}

/*
 * agent_responses_serialize(state internal)
 *
 * The messages, field by field.
 */
Datum
goaltracker_agent_responses_serialize(PG_FUNCTION_ARGS)
{
	const ResponseState *state;
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	state = (const ResponseState *) PG_GETARG_POINTER(0);

	pq_begintypsend(&buf);
	pq_sendint64(&buf, state->nmessages);
	for (int64 i = 0; i < state->nmessages; i++)
	{
		const Message *message = &state->messages[i];

		CHECK_FOR_INTERRUPTS();
		pq_sendint64(&buf, message->sent_at);
		pq_sendint64(&buf, message->seq);
		pq_sendbyte(&buf, message->has_seq);
		pq_sendbyte(&buf, message->sender);
		send_name(&buf, message->participant);
		send_name(&buf, message->dialog);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * agent_responses_deserialize(serialized bytea, unused internal)
 *
 * What agent_responses_serialize() wrote.
 */
Datum
goaltracker_agent_responses_deserialize(PG_FUNCTION_ARGS)
{
	ResponseState *state;
	bytea	   *serialized;
	StringInfoData buf;
	int64		nmessages;

	(void) aggregate_context(fcinfo);
	serialized = PG_GETARG_BYTEA_PP(0);
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, VARDATA_ANY(serialized), VARSIZE_ANY_EXHDR(serialized));

	/* The executor looks after the memory: it calls this in a short context. */
	state = state_create(CurrentMemoryContext);
	nmessages = pq_getmsgint64(&buf);
	for (int64 i = 0; i < nmessages; i++)
	{
		Message		message;

		CHECK_FOR_INTERRUPTS();
		message.sent_at = pq_getmsgint64(&buf);
		message.seq = pq_getmsgint64(&buf);
		message.has_seq = pq_getmsgbyte(&buf) != 0;
		message.sender = (char) pq_getmsgbyte(&buf);
		message.participant = receive_name(&buf);
		message.dialog = receive_name(&buf);
		state_add(state, &message);
	}
	pq_getmsgend(&buf);
	pfree(buf.data);
	PG_RETURN_POINTER(state);
}

/*
 * agent_responses_final(state internal)
 *
 * The responses as an array of agent_response, in order of time, then dialog and
 * agent; empty where there are none.  Leaves the state alone.
 */
Datum
goaltracker_agent_responses_final(PG_FUNCTION_ARGS)
{
	const ResponseState *state = PG_ARGISNULL(0) ? NULL : (ResponseState *) PG_GETARG_POINTER(0);
	Oid			array_type;
	Oid			element_type;
	const Message **sorted;
	Response   *responses;
	Datum	   *elements;
	int64		nresponses;
	TupleDesc	desc;
	ArrayType  *result;

	(void) aggregate_context(fcinfo);

	array_type = get_fn_expr_rettype(fcinfo->flinfo);
	element_type = get_element_type(array_type);
	if (!OidIsValid(element_type))
		elog(ERROR, "agent_responses does not know its result type");
	if (state == NULL || state->nmessages == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(element_type));

	sorted = MemoryContextAllocHuge(CurrentMemoryContext, state->nmessages * sizeof(Message *));
	for (int64 i = 0; i < state->nmessages; i++)
		sorted[i] = &state->messages[i];
	qsort(sorted, state->nmessages, sizeof(Message *), message_order);

	/* Where agents talk among themselves, every message but the first can be one. */
	responses = MemoryContextAllocHuge(CurrentMemoryContext, state->nmessages * sizeof(Response));
	nresponses = find_responses(sorted, state->nmessages, responses);
	qsort(responses, nresponses, sizeof(Response), response_order);

	desc = lookup_rowtype_tupdesc(element_type, -1);
	elements = MemoryContextAllocHuge(CurrentMemoryContext, (nresponses + 1) * sizeof(Datum));
	for (int64 i = 0; i < nresponses; i++)
	{
		CHECK_FOR_INTERRUPTS();
		elements[i] = make_response(desc, &responses[i]);
	}
	ReleaseTupleDesc(desc);

	if (nresponses > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many agent responses in one group: " INT64_FORMAT, nresponses)));
	result = construct_array(elements, (int) nresponses, element_type, -1, false, TYPALIGN_DOUBLE);
	PG_RETURN_ARRAYTYPE_P(result);
}

/* The context of the state; an error outside of an aggregate. */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("support functions of agent_responses can only be called by the aggregate")));
	return context;
}

static ResponseState *
state_create(MemoryContext context)
{
	ResponseState *state = MemoryContextAllocZero(context, sizeof(ResponseState));

	state->context = context;
	return state;
}

/* Adds a message; its names are copied into the state's context. */
static void
state_add(ResponseState *state, const Message *message)
{
	Message    *added;

	if (state->nmessages == state->capacity)
	{
		if (state->capacity > PG_INT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many messages in one group: more than " INT64_FORMAT, state->capacity)));
		if (state->capacity == 0)
		{
			state->capacity = MIN_MESSAGES;
			state->messages = MemoryContextAlloc(state->context, MIN_MESSAGES * sizeof(Message));
		}
		else
		{
			state->messages = repalloc_huge(state->messages, state->capacity * 2 * sizeof(Message));
			state->capacity *= 2;
		}
	}

	added = &state->messages[state->nmessages];
	*added = *message;
	added->participant = state_name(state, message->participant);
	added->dialog = state_name(state, message->dialog);
	state->nmessages++;
}

/* The state's own copy of a name. */
static const text *
state_name(ResponseState *state, const text *name)
{
	text	   *copy;
	size_t		len;

	if (name == NULL)
		return NULL;
	for (int i = 0; i < RECENT_NAMES; i++)
	{
		if (state->recent[i] != NULL && same_name(state->recent[i], name))
			return state->recent[i];
	}

	len = VARSIZE_ANY_EXHDR(name);
	copy = MemoryContextAlloc(state->context, len + VARHDRSZ);
	SET_VARSIZE(copy, len + VARHDRSZ);
	memcpy(VARDATA(copy), VARDATA_ANY(name), len);

	state->recent[state->next_recent] = copy;
	state->next_recent = (state->next_recent + 1) % RECENT_NAMES;
	return copy;
}

static bool
same_name(const text *a, const text *b)
{
	size_t		len;

	if (a == b)
		return true;
	if (a == NULL || b == NULL)
		return false;
	len = VARSIZE_ANY_EXHDR(a);
	return len == VARSIZE_ANY_EXHDR(b) && memcmp(VARDATA_ANY(a), VARDATA_ANY(b), len) == 0;
}

/* By bytes, as collation "C"; NULL comes first. */
static int
name_order(const text *a, const text *b)
{
	size_t		a_len;
	size_t		b_len;
	int			order;

	if (a == b)
		return 0;
	if (a == NULL || b == NULL)
		return a == NULL ? -1 : 1;
	a_len = VARSIZE_ANY_EXHDR(a);
	b_len = VARSIZE_ANY_EXHDR(b);
	order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_len, b_len));
	if (order != 0)
		return order;
	return (a_len > b_len) - (a_len < b_len);
}

/*
 * Dialog by dialog, in order of time, then sequence number.  Two messages alike
 * in all of that are ordered by sender, so that the outcome is the same whichever
 * came in first.
 */
static int
message_order(const void *a, const void *b)
{
	const Message *left = *(const Message *const *) a;
	const Message *right = *(const Message *const *) b;
	int			order;

	CHECK_FOR_INTERRUPTS();
	order = name_order(left->dialog, right->dialog);
	if (order != 0)
		return order;
	if (left->sent_at != right->sent_at)
		return left->sent_at < right->sent_at ? -1 : 1;
	if (left->has_seq != right->has_seq)
		return left->has_seq ? -1 : 1;
	if (left->seq != right->seq)
		return left->seq < right->seq ? -1 : 1;
	if (left->sender != right->sender)
		return left->sender < right->sender ? 1 : -1;
	return name_order(left->participant, right->participant);
}

static int
response_order(const void *a, const void *b)
{
	const Message *left = ((const Response *) a)->start;
	const Message *right = ((const Response *) b)->start;
	int			order;

	if (left->sent_at != right->sent_at)
		return left->sent_at < right->sent_at ? -1 : 1;
	order = name_order(left->dialog, right->dialog);
	if (order != 0)
		return order;
	if (left->has_seq != right->has_seq)
		return left->has_seq ? -1 : 1;
	if (left->seq != right->seq)
		return left->seq < right->seq ? -1 : 1;
	return name_order(left->participant, right->participant);
}

/* S14 over sorted messages; gives the number of responses. */
static int64
find_responses(const Message **messages, int64 nmessages, Response *responses)
{
	int64		nresponses = 0;
	int64		run_end;

	for (int64 run = 0; run < nmessages; run = run_end)
	{
		const Message *start = messages[run];
		bool		follows = run > 0 && same_name(messages[run - 1]->dialog, start->dialog);

		CHECK_FOR_INTERRUPTS();
		for (run_end = run + 1; run_end < nmessages; run_end++)
		{
			const Message *next = messages[run_end];

			/* All consumers are one here: none of them has responses. */
			if (next->sender != start->sender || !same_name(next->dialog, start->dialog))
				break;
			if (start->sender == SENDER_AGENT && !same_name(next->participant, start->participant))
				break;
		}

		if (!follows || start->sender != SENDER_AGENT || start->participant == NULL)
			continue;
		responses[nresponses].start = start;
		responses[nresponses].nmessages = (int32) (run_end - run);
		nresponses++;
	}
	return nresponses;
}

/* A value of type agent_response. */
static Datum
make_response(TupleDesc desc, const Response *response)
{
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};

	if (desc->natts != lengthof(values))
		elog(ERROR, "unexpected number of attributes in type agent_response");
	values[0] = PointerGetDatum(response->start->participant);
	values[1] = PointerGetDatum(response->start->dialog);
	nulls[1] = response->start->dialog == NULL;
	values[2] = TimestampTzGetDatum(response->start->sent_at);
	values[3] = Int32GetDatum(response->nmessages);
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

static void
send_name(StringInfo buf, const text *name)
{
	if (name == NULL)
	{
		pq_sendint32(buf, -1);
		return;
	}
	pq_sendint32(buf, VARSIZE_ANY_EXHDR(name));
	pq_sendbytes(buf, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
}

static const text *
receive_name(StringInfo buf)
{
	int32		len = (int32) pq_getmsgint(buf, 4);

	if (len == -1)
		return NULL;
	if (len < 0 || len > buf->len - buf->cursor)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid length of a name in a serialized state of agent_responses: %d", len)));
	return cstring_to_text_with_len(pq_getmsgbytes(buf, len), len);
}
