/*-------------------------------------------------------------------------
 *
 * journey_io.c
 *	  Journeys as text and on the wire.
 *
 * One form serves the send and receive functions, the aggregate's serialized
 * states, and (in hexadecimal) input and output: a version, then each array as
 * its length and its entries field by field.  Texts are in UTF-8 whatever the
 * server's encoding, so that a dump can be restored into another one.
 *
 * Reading trusts nothing: it goes through the builder, every length is bounded
 * by what is left of the message, and every field is checked.
 *
 *-------------------------------------------------------------------------
 */
#include "goaltracker.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#define JOURNEY_FORMAT 1

PG_FUNCTION_INFO_V1(goaltracker_journey_in);
PG_FUNCTION_INFO_V1(goaltracker_journey_out);
PG_FUNCTION_INFO_V1(goaltracker_journey_recv);
PG_FUNCTION_INFO_V1(goaltracker_journey_send);

/* ------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------
 */

static void
write_text(StringInfo buf, const JourneyView *view, HeapRef ref)
{
	struct varlena *value = journey_value(view, ref);
	int			len;
	char	   *utf8;

	if (value == NULL)
	{
		pq_sendint32(buf, (uint32) -1);
		return;
	}
	len = VARSIZE(value) - VARHDRSZ;
	utf8 = pg_server_to_any(VARDATA(value), len, PG_UTF8);
	if (utf8 != VARDATA(value))
		len = strlen(utf8);
	pq_sendint32(buf, len);
	pq_sendbytes(buf, utf8, len);
	if (utf8 != VARDATA(value))
		pfree(utf8);
}

static void
write_numeric(StringInfo buf, const JourneyView *view, HeapRef ref)
{
	struct varlena *value = journey_value(view, ref);
	bytea	   *sent;

	if (value == NULL)
	{
		pq_sendint32(buf, (uint32) -1);
		return;
	}
	sent = DatumGetByteaP(DirectFunctionCall1(numeric_send, PointerGetDatum(value)));
	pq_sendint32(buf, VARSIZE(sent) - VARHDRSZ);
	pq_sendbytes(buf, VARDATA(sent), VARSIZE(sent) - VARHDRSZ);
	pfree(sent);
}

static void
write_conversation(StringInfo buf, const JourneyView *view, const JourneyConversation *entry)
{
	pq_sendint64(buf, entry->opened_at);
	pq_sendint64(buf, entry->closed_at);
	write_text(buf, view, entry->conversation_id);
}

static void
write_segment(StringInfo buf, const JourneyView *view, const JourneySegment *entry)
{
	pq_sendint64(buf, entry->segment_key);
	pq_sendint64(buf, entry->assigned_at);
	pq_sendint64(buf, entry->ended_at);
	write_text(buf, view, entry->conversation_id);
	write_text(buf, view, entry->agent_id);
	write_text(buf, view, entry->skill_id);
	pq_sendint32(buf, entry->segment_no);
	pq_sendint32(buf, entry->agent_messages);
	pq_sendint32(buf, entry->agent_responses);
	pq_sendbyte(buf, entry->is_joined);
	pq_sendbyte(buf, entry->is_post_survey);
}

static void
write_goal(StringInfo buf, const JourneyView *view, const JourneyGoal *entry)
{
	pq_sendint64(buf, entry->goal_event_key);
	pq_sendint64(buf, entry->reached_at);
	pq_sendbyte(buf, entry->event_type);
	write_text(buf, view, entry->goal_event_id);
	write_text(buf, view, entry->goal_id);
	write_numeric(buf, view, entry->lead_value);
	write_numeric(buf, view, entry->transaction_value);
	write_text(buf, view, entry->currency);
	write_text(buf, view, entry->brand_event_id);
	write_text(buf, view, entry->topic);
	write_text(buf, view, entry->service_activity_status);
	write_text(buf, view, entry->session_id);
}

/* Appends the journey in its wire form. */
void
journey_write(StringInfo buf, const JourneyView *view)
{
	pq_sendbyte(buf, JOURNEY_FORMAT);
	pq_sendint32(buf, view->nconversations);
	for (int i = 0; i < view->nconversations; i++)
	{
		CHECK_FOR_INTERRUPTS();
		write_conversation(buf, view, &view->conversations[i]);
	}
	pq_sendint32(buf, view->nsegments);
	for (int i = 0; i < view->nsegments; i++)
	{
		CHECK_FOR_INTERRUPTS();
		write_segment(buf, view, &view->segments[i]);
	}
	pq_sendint32(buf, view->ngoals);
	for (int i = 0; i < view->ngoals; i++)
	{
		CHECK_FOR_INTERRUPTS();
		write_goal(buf, view, &view->goals[i]);
	}
}

/* ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------
 */

static void
malformed(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid value of type journey"),
			 errdetail_internal("%s", detail)));
}

/* Length of a value, or -1 for NULL. */
static int
read_length(StringInfo buf)
{
	int			len = (int) pq_getmsgint(buf, 4);

	if (len < -1 || len > buf->len - buf->cursor)
		malformed("The length of a value exceeds the message.");
	return len;
}

static HeapRef
read_text(StringInfo buf, JourneyBuilder *builder)
{
	int			len = read_length(buf);
	const char *utf8;
	char	   *value;
	HeapRef		ref;

	if (len < 0)
		return 0;
	utf8 = pq_getmsgbytes(buf, len);
	/* verifies the encoding, which also refuses zero bytes */
	value = pg_any_to_server(utf8, len, PG_UTF8);
	if (value == utf8)
		return journey_add_value(builder, utf8, len);
	ref = journey_add_value(builder, value, strlen(value));
	pfree(value);
	return ref;
}

static HeapRef
read_required_text(StringInfo buf, JourneyBuilder *builder)
{
	HeapRef		ref = read_text(buf, builder);

	if (ref == 0)
		malformed("A required id is missing.");
	return ref;
}

static HeapRef
read_numeric(StringInfo buf, JourneyBuilder *builder)
{
	int			len = read_length(buf);
	StringInfoData part;
	struct varlena *value;
	HeapRef		ref;

	if (len < 0)
		return 0;
	/* a copy, since receive functions may look at the byte behind */
	initStringInfo(&part);
	appendBinaryStringInfo(&part, pq_getmsgbytes(buf, len), len);
	value = (struct varlena *) DatumGetPointer(DirectFunctionCall3(numeric_recv,
																   PointerGetDatum(&part),
																   ObjectIdGetDatum(InvalidOid),
																   Int32GetDatum(-1)));
	pq_getmsgend(&part);
	ref = journey_add_value(builder, VARDATA(value), VARSIZE(value) - VARHDRSZ);
	pfree(value);
	pfree(part.data);
	return ref;
}

static TimestampTz
read_instant(StringInfo buf)
{
	TimestampTz at = pq_getmsgint64(buf);

	if (!IS_VALID_TIMESTAMP(at))
		malformed("A time is out of range.");
	return at;
}

static TimestampTz
read_end(StringInfo buf)
{
	TimestampTz at = pq_getmsgint64(buf);

	if (!TIMESTAMP_IS_NOEND(at) && !IS_VALID_TIMESTAMP(at))
		malformed("A time is out of range.");
	return at;
}

static bool
read_flag(StringInfo buf)
{
	int			flag = pq_getmsgbyte(buf);

	if (flag != 0 && flag != 1)
		malformed("A flag is neither set nor unset.");
	return flag == 1;
}

static char
read_event_type(StringInfo buf)
{
	int			code = pq_getmsgbyte(buf);

	if (code != EVENT_GOAL_ACHIEVED && code != EVENT_PURCHASE && code != EVENT_LEAD)
		malformed("An event type is unknown.");
	return (char) code;
}

static void
read_conversation(StringInfo buf, JourneyBuilder *builder)
{
	JourneyConversation entry;

	memset(&entry, 0, sizeof(entry));
	entry.opened_at = read_instant(buf);
	entry.closed_at = read_end(buf);
	entry.conversation_id = read_required_text(buf, builder);
	journey_add_conversation(builder, &entry);
}

static void
read_segment(StringInfo buf, JourneyBuilder *builder)
{
	JourneySegment entry;

	memset(&entry, 0, sizeof(entry));
	entry.segment_key = pq_getmsgint64(buf);
	entry.assigned_at = read_instant(buf);
	entry.ended_at = read_end(buf);
	entry.conversation_id = read_required_text(buf, builder);
	entry.agent_id = read_text(buf, builder);
	entry.skill_id = read_text(buf, builder);
	entry.segment_no = (int32) pq_getmsgint(buf, 4);
	entry.agent_messages = (int32) pq_getmsgint(buf, 4);
	entry.agent_responses = (int32) pq_getmsgint(buf, 4);
	entry.is_joined = read_flag(buf);
	entry.is_post_survey = read_flag(buf);
	journey_add_segment(builder, &entry);
}

static void
read_goal(StringInfo buf, JourneyBuilder *builder)
{
	JourneyGoal entry;

	memset(&entry, 0, sizeof(entry));
	entry.goal_event_key = pq_getmsgint64(buf);
	entry.reached_at = read_instant(buf);
	entry.event_type = read_event_type(buf);
	entry.goal_event_id = read_required_text(buf, builder);
	entry.goal_id = read_text(buf, builder);
	entry.lead_value = read_numeric(buf, builder);
	entry.transaction_value = read_numeric(buf, builder);
	entry.currency = read_text(buf, builder);
	entry.brand_event_id = read_text(buf, builder);
	entry.topic = read_text(buf, builder);
	entry.service_activity_status = read_text(buf, builder);
	entry.session_id = read_text(buf, builder);
	journey_add_goal(builder, &entry);
}

/* Reads as many entries as the message says; it ends where the message ends. */
static void
read_entries(StringInfo buf, JourneyBuilder *builder,
			 void (*read_entry) (StringInfo, JourneyBuilder *))
{
	int			n = (int) pq_getmsgint(buf, 4);

	if (n < 0 || n > buf->len - buf->cursor)
		malformed("The number of entries exceeds the message.");
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_entry(buf, builder);
	}
}

/*
 * Adds what is written in wire form to a journey.  Raises
 * invalid_binary_representation, or what PostgreSQL raises for a message that
 * ends too early or a text in a wrong encoding.
 */
void
journey_read(StringInfo buf, JourneyBuilder *builder)
{
	if (pq_getmsgbyte(buf) != JOURNEY_FORMAT)
		malformed("Its format is unknown.");
	read_entries(buf, builder, read_conversation);
	read_entries(buf, builder, read_segment);
	read_entries(buf, builder, read_goal);
	pq_getmsgend(buf);
}

/* ------------------------------------------------------------------------
 * The type's functions
 * ------------------------------------------------------------------------
 */

static Datum
journey_from_message(StringInfo buf)
{
	JourneyBuilder *builder = journey_begin(CurrentMemoryContext);

	journey_read(buf, builder);
	return PointerGetDatum(journey_pack(builder));
}

static void
message_of_journey(Datum journey, StringInfo buf)
{
	JourneyView view = journey_view(PG_DETOAST_DATUM(journey));

	journey_write(buf, &view);
}

/* Input: the wire form in hexadecimal, as output gives it. */
Datum
goaltracker_journey_in(PG_FUNCTION_ARGS)
{
	const char *hex = PG_GETARG_CSTRING(0);
	Size		len = strlen(hex);
	StringInfoData buf;

	initStringInfo(&buf);
	enlargeStringInfo(&buf, len / 2 + 1);
	buf.len = (int) hex_decode(hex, len, buf.data);
	return journey_from_message(&buf);
}

/* Output: the wire form in hexadecimal. */
Datum
goaltracker_journey_out(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	char	   *hex;

	initStringInfo(&buf);
	message_of_journey(PG_GETARG_DATUM(0), &buf);
	hex = palloc((Size) buf.len * 2 + 1);
	hex[hex_encode(buf.data, buf.len, hex)] = '\0';
	PG_RETURN_CSTRING(hex);
}

/* Receive: the wire form; raises what journey_read() raises. */
Datum
goaltracker_journey_recv(PG_FUNCTION_ARGS)
{
	return journey_from_message((StringInfo) PG_GETARG_POINTER(0));
}

/* Send: the wire form. */
Datum
goaltracker_journey_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	message_of_journey(PG_GETARG_DATUM(0), &buf);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
