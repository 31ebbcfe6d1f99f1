/*-------------------------------------------------------------------------
 *
 * goaltracker_fuzz.c
 *	  Hostile input, made and tried inside the server.
 *
 * A module of its own, never installed with the extension: scripts/fuzz.sh
 * builds it beside an extension that has been built with AddressSanitizer and
 * UndefinedBehaviorSanitizer.  Three functions, each with a seed and a number of
 * inputs, each input made from the seed and its own number alone:
 *
 * fuzz_journey	mutations of wire and text forms of journeys, and random bytes
 * fuzz_state	an aggregate's states: random rows, mutated serialized states
 * fuzz_call	any C function that SQL can call, with hostile arguments
 *
 * An input may be taken or be refused with an error that names a reason; an
 * internal error (XX000) stops the run, and so does the sanitizer, by killing
 * the backend.  Which input was being tried stands in the file fuzz.current of
 * the data directory.
 *
 * The sanitizer knows what malloc() gives out, not what palloc() cuts out of it.
 * So arguments, and what the functions allocate, come from a memory context with
 * a malloc() for each chunk.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/memnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(fuzz_journey);
PG_FUNCTION_INFO_V1(fuzz_state);
PG_FUNCTION_INFO_V1(fuzz_call);
PG_FUNCTION_INFO_V1(fuzz_mutate);

/* Longest input that mutations lead to. */
#define LONGEST_INPUT 65536

/* Rows that a set-returning function is asked for, and characters of a report. */
#define MAX_ROWS 5000
#define CURRENT_SIZE 65536

/* ------------------------------------------------------------------------
 * A memory context with a malloc() for each chunk
 * ------------------------------------------------------------------------
 */

extern void __asan_poison_memory_region(void const volatile *start, size_t size)
			__attribute__((weak));

#if PG_VERSION_NUM < 160000

typedef struct Chunk
{
	struct Chunk *next;
	struct Chunk *previous;
	Size		size;
	MemoryContext context;		/* where PostgreSQL looks for it */
} Chunk;

typedef struct ExactContext
{
	MemoryContextData header;
	Chunk		chunks;			/* head of a ring */
} ExactContext;

#define CHUNK_OF(pointer) ((Chunk *) ((char *) (pointer) - sizeof(Chunk)))

static void *
exact_alloc(MemoryContext context, Size size)
{
	ExactContext *exact = (ExactContext *) context;
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		return NULL;
	chunk->size = size;
	chunk->context = context;
	chunk->next = exact->chunks.next;
	chunk->previous = &exact->chunks;
	chunk->next->previous = chunk;
	exact->chunks.next = chunk;
	/* what lies before a chunk is not the extension's to read either */
	if (__asan_poison_memory_region)
		__asan_poison_memory_region(chunk, sizeof(Chunk));
	memset(chunk + 1, 0x7F, size);
	return chunk + 1;
}

static void
exact_free(MemoryContext context, void *pointer)
{
	Chunk	   *chunk = CHUNK_OF(pointer);

	chunk->next->previous = chunk->previous;
	chunk->previous->next = chunk->next;
	free(chunk);
}

static void *
exact_realloc(MemoryContext context, void *pointer, Size size)
{
	void	   *moved = exact_alloc(context, size);

	if (moved == NULL)
		return NULL;
	memcpy(moved, pointer, Min(size, CHUNK_OF(pointer)->size));
	exact_free(context, pointer);
	return moved;
}

static void
exact_reset(MemoryContext context)
{
	ExactContext *exact = (ExactContext *) context;

	while (exact->chunks.next != &exact->chunks)
		exact_free(context, exact->chunks.next + 1);
}

static void
exact_delete(MemoryContext context)
{
	exact_reset(context);
	free(context);
}

static Size
exact_chunk_space(MemoryContext context, void *pointer)
{
	return sizeof(Chunk) + CHUNK_OF(pointer)->size;
}

static bool
exact_is_empty(MemoryContext context)
{
	ExactContext *exact = (ExactContext *) context;

	return exact->chunks.next == &exact->chunks;
}

static void
exact_stats(MemoryContext context, MemoryStatsPrintFunc printfunc, void *passthru,
			MemoryContextCounters *totals, bool print_to_stderr)
{
}

static const MemoryContextMethods exact_methods = {
	exact_alloc, exact_free, exact_realloc, exact_reset, exact_delete, exact_chunk_space,
	exact_is_empty, exact_stats
#ifdef MEMORY_CONTEXT_CHECKING
	,NULL
#endif
};

static MemoryContext
exact_context(MemoryContext parent, const char *name)
{
	ExactContext *exact = calloc(1, sizeof(ExactContext));

	exact->chunks.next = exact->chunks.previous = &exact->chunks;
	/* one of the tags that PostgreSQL knows as a context */
	MemoryContextCreate((MemoryContext) exact, T_AllocSetContext, &exact_methods, parent, name);
	return (MemoryContext) exact;
}

#else

/*
 * From 16 on the kinds of contexts are a closed list.  The smallest of blocks
 * give chunks of more than 128 bytes a malloc() each.
 */
static MemoryContext
exact_context(MemoryContext parent, const char *name)
{
	return AllocSetContextCreateInternal(parent, name, 0, 1024, 1024);
}

#endif

/* ------------------------------------------------------------------------
 * Random numbers, and what is being tried
 * ------------------------------------------------------------------------
 */

static uint64 random_state;

static uint64
mix(uint64 h)
{
	h += UINT64CONST(0x9E3779B97F4A7C15);
	h = (h ^ (h >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	h = (h ^ (h >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return h ^ (h >> 31);
}

static uint64
random_bits(void)
{
	random_state += UINT64CONST(0x9E3779B97F4A7C15);
	return mix(random_state);
}

/* One of 0 .. n-1. */
static int
pick(int n)
{
	return (int) (random_bits() % (uint64) n);
}

/* A number from 1 to n, but not more than there is. */
static int
length_up_to(int n, int available)
{
	int			length = 1 + pick(n);

	return Min(length, available);
}

static bool
chance(int percent)
{
	return pick(100) < percent;
}

static char *current;			/* the file fuzz.current, in memory */

static void
open_current(void)
{
	int			fd;

	if (current != NULL)
		return;
	fd = open("fuzz.current", O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, CURRENT_SIZE) != 0)
		elog(ERROR, "cannot write fuzz.current: %m");
	current = mmap(NULL, CURRENT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (current == MAP_FAILED)
	{
		current = NULL;
		elog(ERROR, "cannot map fuzz.current: %m");
	}
}

/* Begins an input: all that is random in it follows from these two. */
static void
begin_input(const char *what, int64 seed, int64 input)
{
	random_state = mix((uint64) seed) ^ mix((uint64) input + 1);
	snprintf(current, CURRENT_SIZE, "%s seed " INT64_FORMAT " input " INT64_FORMAT "\n",
			 what, seed, input);
}

/* Says more about the input, for whoever reads fuzz.current. */
static void
note_input(const char *format,...)
{
	Size		used = strlen(current);
	va_list		args;

	va_start(args, format);
	vsnprintf(current + used, CURRENT_SIZE - used, format, args);
	va_end(args);
}

/* ------------------------------------------------------------------------
 * Outcomes
 * ------------------------------------------------------------------------
 */

typedef struct Outcomes
{
	int64		inputs;
	int64		taken;
	int64		refused;
} Outcomes;

/*
 * Runs one input in a subtransaction.  Whatever SQL can provoke has a code of
 * its own: an internal error is a finding.
 */
static void
try_input(void (*body) (void *), void *arg, Outcomes *outcomes)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	CHECK_FOR_INTERRUPTS();
	outcomes->inputs++;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		body(arg);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		outcomes->taken++;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
			error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			ReThrowError(error);
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == MAKE_SQLSTATE('X', 'X', '0', '0', '0'))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("internal error \"%s\" (%s:%d) for %s", error->message,
							error->filename, error->lineno, current)));
		outcomes->refused++;
	}
	PG_END_TRY();
}

static Datum
outcomes_datum(FunctionCallInfo fcinfo, const Outcomes *outcomes)
{
	TupleDesc	tupdesc;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(outcomes->inputs);
	values[1] = Int64GetDatum(outcomes->taken);
	values[2] = Int64GetDatum(outcomes->refused);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls));
}

/* ------------------------------------------------------------------------
 * Mutations of bytes
 * ------------------------------------------------------------------------
 */

/* Seeds of mutations: the elements of a bytea[] or text[]. */
typedef struct Corpus
{
	int			n;
	Datum	   *items;
} Corpus;

static Corpus
read_corpus(ArrayType *array)
{
	Corpus		corpus;
	int16		len;
	bool		byval;
	char		align;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &len, &byval, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), len, byval, align, &corpus.items, NULL, &corpus.n);
	if (corpus.n == 0)
		elog(ERROR, "the corpus is empty");
	return corpus;
}

static const int64 interesting[] = {
	0, 1, -1, 2, 3, 4, 7, 8, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 1000, 4096, 16383, 16384,
	32767, 32768, 65535, 65536, PG_INT32_MAX, PG_INT32_MIN, INT64CONST(0x80000000),
	INT64CONST(0x3FFFFFFF), INT64CONST(0x40000000), PG_INT64_MAX, PG_INT64_MIN, PG_INT64_MAX - 1,
	PG_INT64_MIN + 1, MIN_TIMESTAMP, MIN_TIMESTAMP - 1, END_TIMESTAMP, END_TIMESTAMP - 1,
	INT64CONST(86400000000), INT64CONST(86400000000) * 31, INT64CONST(86400000000) * 31 + 1
};

static void
put_integer(char *at, int size, int64 value)
{
	for (int i = 0; i < size; i++)
		at[i] = (char) ((uint64) value >> (8 * (size - 1 - i)));
}

static void
mutate_once(StringInfo data, const Corpus *corpus)
{
	int			at = data->len == 0 ? 0 : pick(data->len);
	int			rest = data->len - at;
	int			n;
	char		chunk[256];

	switch (pick(10))
	{
		case 0:
			if (rest > 0)
				data->data[at] ^= 1 << pick(8);
			break;
		case 1:
			if (rest > 0)
				data->data[at] = (char) random_bits();
			break;
		case 2:					/* an integer of the wire */
		case 3:
			n = 1 << pick(4);
			if (rest >= n)
				put_integer(data->data + at, n, interesting[pick(lengthof(interesting))]);
			break;
		case 4:					/* leave out */
			n = rest == 0 ? 0 : 1 + pick(Min(rest, 64));
			memmove(data->data + at, data->data + at + n, rest - n);
			data->len -= n;
			break;
		case 5:					/* truncate */
			if (chance(40))
				data->len = at;
			break;
		case 6:					/* repeat */
			n = length_up_to(lengthof(chunk), rest);
			memcpy(chunk, data->data + at, n);
			appendBinaryStringInfo(data, chunk, n);
			break;
		case 7:					/* put in */
			n = 1 + pick(16);
			appendStringInfoSpaces(data, n);
			memmove(data->data + at + n, data->data + at, rest);
			for (int i = 0; i < n; i++)
				data->data[at + i] = (char) (chance(50) ? 0 : random_bits());
			break;
		case 8:					/* a part of another */
			{
				struct varlena *other = (struct varlena *) DatumGetPointer(corpus->items[pick(corpus->n)]);
				int			len = VARSIZE_ANY_EXHDR(other);

				if (len > 0)
				{
					int			from = pick(len);

					n = length_up_to(200, Min(len - from, rest));
					memcpy(data->data + at, VARDATA_ANY(other) + from, n);
				}
				break;
			}
		default:				/* copy within */
			if (rest > 1)
			{
				int			to = pick(data->len);

				n = length_up_to(64, Min(rest, data->len - to));
				memmove(data->data + to, data->data + at, n);
			}
	}
	if (data->len > LONGEST_INPUT)
		data->len = LONGEST_INPUT;
}

/* Bytes that may or may not be like those of the corpus. */
static void
make_bytes(StringInfo data, const Corpus *corpus)
{
	struct varlena *item = (struct varlena *) DatumGetPointer(corpus->items[pick(corpus->n)]);
	int			mutations = chance(5) ? 0 : 1 + pick(chance(80) ? 3 : 12);

	initStringInfo(data);
	if (chance(3))
	{
		int			n = pick(200);

		for (int i = 0; i < n; i++)
			appendStringInfoCharMacro(data, (char) random_bits());
		return;
	}
	appendBinaryStringInfo(data, VARDATA_ANY(item), VARSIZE_ANY_EXHDR(item));
	while (mutations-- > 0)
		mutate_once(data, corpus);
	data->data[data->len] = '\0';
}

/* fuzz_mutate(seed bigint, input bigint, corpus bytea[]) returns bytea: one mutation. */
Datum
fuzz_mutate(PG_FUNCTION_ARGS)
{
	Corpus		corpus = read_corpus(PG_GETARG_ARRAYTYPE_P(2));
	StringInfoData data;

	open_current();
	begin_input("mutation", PG_GETARG_INT64(0), PG_GETARG_INT64(1));
	make_bytes(&data, &corpus);
	PG_RETURN_BYTEA_P(cstring_to_text_with_len(data.data, data.len));
}

/* A message that ends where its memory ends. */
static StringInfo
exact_message(const StringInfo data, MemoryContext context)
{
	StringInfo	message = MemoryContextAllocZero(context, sizeof(StringInfoData));

	/* receive functions are promised a zero byte behind the message */
	message->data = MemoryContextAlloc(context, data->len + 1);
	memcpy(message->data, data->data, data->len);
	message->data[data->len] = '\0';
	message->len = data->len;
	message->maxlen = data->len + 1;
	return message;
}

static bytea *
exact_bytea(const char *data, int len, MemoryContext context)
{
	bytea	   *value = MemoryContextAlloc(context, VARHDRSZ + len);

	SET_VARSIZE(value, VARHDRSZ + len);
	memcpy(VARDATA(value), data, len);
	return value;
}

/* ------------------------------------------------------------------------
 * Functions by name, and values of their types
 * ------------------------------------------------------------------------
 */

static Oid
function_oid(const char *signature)
{
	return DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(signature)));
}

/* An expression that tells the function what it is called for. */
static Node *
call_expression(Oid function)
{
	return (Node *) makeFuncExpr(function, get_func_rettype(function), NIL, InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/* Values of one type. */
typedef struct Pool
{
	Oid			type;
	int16		len;
	bool		byval;
	int			n;
	Datum	   *values;
} Pool;

static int	npools;
static Pool *pools;
static Corpus journeys;			/* wire forms */
static FmgrInfo journey_recv;
static Oid	journey_type;

/* Reads table fuzz_value (type regtype, value text) into the context. */
static void
load_pools(MemoryContext context)
{
	npools = 0;
	if (SPI_execute("SELECT type::oid, array_agg(value ORDER BY value COLLATE \"C\") "
					"FROM fuzz_value GROUP BY type ORDER BY type", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read fuzz_value");
	pools = MemoryContextAllocZero(context, sizeof(Pool) * SPI_processed);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		Pool	   *pool = &pools[npools++];
		bool		isnull;
		Datum	   *texts;
		Oid			input;
		Oid			ioparam;
		MemoryContext old = MemoryContextSwitchTo(context);

		pool->type = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc,
													1, &isnull));
		get_typlenbyval(pool->type, &pool->len, &pool->byval);
		deconstruct_array(DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[row],
															   SPI_tuptable->tupdesc, 2, &isnull)),
						  TEXTOID, -1, false, TYPALIGN_INT, &texts, NULL, &pool->n);
		pool->values = palloc(sizeof(Datum) * pool->n);
		getTypeInputInfo(pool->type, &input, &ioparam);
		for (int i = 0; i < pool->n; i++)
			pool->values[i] = OidInputFunctionCall(input, TextDatumGetCString(texts[i]), ioparam, -1);
		MemoryContextSwitchTo(old);
	}
}

static const Pool *
pool_of(Oid type)
{
	for (int i = 0; i < npools; i++)
	{
		if (pools[i].type == type)
			return &pools[i];
	}
	elog(ERROR, "table fuzz_value has no values of type %s", format_type_be(type));
}

/* Text of valid UTF-8 that no pool foresees. */
static text *
random_text(MemoryContext context)
{
	static const char *const parts[] = {
		"a", "Z", "0", "9", " ", "\"", "\\", "{", "}", "[", "]", ":", ",", "\\u0000", "\n", "-", "+",
		".", "e", "\xC3\xA9", "\xF0\x9F\x98\x80", "conversation", "x/../", "'", "%s", "null"
	};
	StringInfoData data;
	int			n = chance(90) ? pick(12) : pick(2000);

	initStringInfo(&data);
	while (n-- > 0)
		appendStringInfoString(&data, parts[pick(lengthof(parts))]);
	return exact_bytea(data.data, data.len, context);
}

static Datum
random_journey(MemoryContext context)
{
	StringInfoData data;
	struct varlena *item = (struct varlena *) DatumGetPointer(journeys.items[pick(journeys.n)]);

	if (chance(50))
	{
		initStringInfo(&data);
		appendBinaryStringInfo(&data, VARDATA_ANY(item), VARSIZE_ANY_EXHDR(item));
	}
	else
		make_bytes(&data, &journeys);
	return FunctionCall1(&journey_recv, PointerGetDatum(exact_message(&data, context)));
}

/* A value of the type, or NULL; by reference with nothing behind its end. */
static Datum
random_value(Oid type, bool *isnull, MemoryContext context)
{
	const Pool *pool;
	Datum		value;

	*isnull = chance(6);
	if (*isnull)
		return (Datum) 0;
	if (type == journey_type)
		return random_journey(context);
	if (type == TEXTOID && chance(25))
		return PointerGetDatum(random_text(context));
	if (chance(25))
	{
		switch (type)
		{
			case INT8OID:
				return Int64GetDatum((int64) random_bits() >> pick(64));
			case INT4OID:
				return Int32GetDatum((int32) random_bits() >> pick(32));
			case INT2OID:
				return Int16GetDatum((int16) random_bits());
			case CHAROID:
				return CharGetDatum((char) random_bits());
			case TIMESTAMPTZOID:
				return TimestampTzGetDatum((int64) random_bits() >> pick(32));
		}
	}
	pool = pool_of(type);
	value = pool->values[pick(pool->n)];
	if (!pool->byval)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		value = datumCopy(value, false, pool->len);
		MemoryContextSwitchTo(old);
	}
	return value;
}

static char *
shown_value(Oid type, Datum value, bool isnull)
{
	Oid			output;
	bool		is_varlena;

	if (isnull)
		return "NULL";
	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

/* ------------------------------------------------------------------------
 * fuzz_journey
 * ------------------------------------------------------------------------
 */

typedef struct JourneyTrial
{
	const Corpus *corpus;
	MemoryContext context;
	FmgrInfo	in;
	FmgrInfo	out;
	FmgrInfo	send;
} JourneyTrial;

/*
 * One journey: received or read as text.  One that is taken must come back from
 * both of its forms as the same bytes.
 */
static void
try_journey(void *arg)
{
	JourneyTrial *trial = arg;
	StringInfoData data;
	Datum		journey;
	Datum		again;
	bytea	   *sent;
	char	   *shown;
	StringInfoData message;

	make_bytes(&data, trial->corpus);
	if (chance(70))
		journey = FunctionCall1(&journey_recv,
								PointerGetDatum(exact_message(&data, trial->context)));
	else
	{
		char	   *hex = palloc((Size) data.len * 2 + 1);

		hex[hex_encode(data.data, data.len, hex)] = '\0';
		if (chance(30) && data.len > 0)
			hex[pick(data.len * 2)] = (char) (1 + pick(255));
		if (chance(10))
			hex[pick(data.len * 2 + 1)] = '\0';
		journey = FunctionCall1(&trial->in, CStringGetDatum(pstrdup(hex)));
	}

	shown = DatumGetCString(FunctionCall1(&trial->out, journey));
	again = FunctionCall1(&trial->in, CStringGetDatum(shown));
	if (!datumIsEqual(journey, again, false, -1))
		elog(ERROR, "a journey is another one after output and input");
	sent = DatumGetByteaP(FunctionCall1(&trial->send, journey));
	initStringInfo(&message);
	appendBinaryStringInfo(&message, VARDATA(sent), VARSIZE(sent) - VARHDRSZ);
	again = FunctionCall1(&journey_recv, PointerGetDatum(&message));
	if (!datumIsEqual(journey, again, false, -1))
		elog(ERROR, "a journey is another one after send and receive");
}

static void
prepare(int64 seed, ArrayType *corpus, MemoryContext context)
{
	open_current();
	journeys = read_corpus(corpus);
	fmgr_info(function_oid("goaltracker._journey_recv(internal)"), &journey_recv);
	journey_type = get_func_rettype(journey_recv.fn_oid);
	load_pools(context);
}

/* fuzz_journey(seed bigint, first bigint, inputs bigint, corpus bytea[]) */
Datum
fuzz_journey(PG_FUNCTION_ARGS)
{
	int64		seed = PG_GETARG_INT64(0);
	int64		first = PG_GETARG_INT64(1);
	int64		inputs = PG_GETARG_INT64(2);
	Outcomes	outcomes = {0, 0, 0};
	JourneyTrial trial;
	MemoryContext old;

	SPI_connect();
	prepare(seed, PG_GETARG_ARRAYTYPE_P(3), CurrentMemoryContext);
	trial.corpus = &journeys;
	trial.context = exact_context(CurrentMemoryContext, "journeys");
	fmgr_info(function_oid("goaltracker._journey_in(cstring)"), &trial.in);
	fmgr_info(function_oid("goaltracker._journey_out(goaltracker.journey)"), &trial.out);
	fmgr_info(function_oid("goaltracker._journey_send(goaltracker.journey)"), &trial.send);
	old = MemoryContextSwitchTo(trial.context);
	for (int64 i = first; i < first + inputs; i++)
	{
		begin_input("fuzz_journey", seed, i);
		try_input(try_journey, &trial, &outcomes);
		MemoryContextReset(trial.context);
	}
	MemoryContextSwitchTo(old);
	SPI_finish();
	return outcomes_datum(fcinfo, &outcomes);
}

/* ------------------------------------------------------------------------
 * fuzz_state
 * ------------------------------------------------------------------------
 */

typedef struct StateTrial
{
	MemoryContext context;
	WindowAggState *caller;		/* whom the support functions take for the executor */
	int			nargs;			/* of the aggregate */
	Oid			argtypes[FUNC_MAX_ARGS];
	bool		final_is_strict;
	Oid			result_type;
	FmgrInfo	add;
	FmgrInfo	combine;
	FmgrInfo	serialize;
	FmgrInfo	deserialize;
	FmgrInfo	final;
	Corpus	   *serialized;		/* of this trial, to be mutated */
} StateTrial;

typedef struct State
{
	Datum		value;
	bool		isnull;
} State;

static State
call_support(StateTrial *trial, FmgrInfo *function, int nargs, const NullableDatum *args)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	State		result;

	InitFunctionCallInfoData(*call, function, nargs, InvalidOid, (Node *) trial->caller, NULL);
	for (int i = 0; i < nargs; i++)
		call->args[i] = args[i];
	result.value = FunctionCallInvoke(call);
	result.isnull = call->isnull;
	return result;
}

static State
state_of_rows(StateTrial *trial, int nrows)
{
	State		state = {(Datum) 0, true};

	while (nrows-- > 0)
	{
		NullableDatum args[FUNC_MAX_ARGS];

		args[0].value = state.value;
		args[0].isnull = state.isnull;
		for (int i = 0; i < trial->nargs; i++)
			args[i + 1].value = random_value(trial->argtypes[i], &args[i + 1].isnull, trial->context);
		/* most entries of a journey would fail for lack of something */
		PG_TRY();
		{
			state = call_support(trial, &trial->add, trial->nargs + 1, args);
		}
		PG_CATCH();
		{
			if (chance(2))
				PG_RE_THROW();
			MemoryContextSwitchTo(trial->context);
			FlushErrorState();
		}
		PG_END_TRY();
	}
	return state;
}

static State
combine_states(StateTrial *trial, State one, State other)
{
	NullableDatum args[2] = {{one.value, one.isnull}, {other.value, other.isnull}};

	return call_support(trial, &trial->combine, 2, args);
}

/*
 * Two states of random rows; one travels, with or without harm, and they are
 * combined and finished.
 */
static void
try_state(void *arg)
{
	StateTrial *trial = arg;
	State		one = state_of_rows(trial, pick(12));
	State		other = state_of_rows(trial, pick(12));
	State		result;
	NullableDatum final_arg;

	if (!other.isnull)
	{
		NullableDatum travels[2] = {{other.value, false}, {(Datum) 0, true}};
		bytea	   *sent = DatumGetByteaP(call_support(trial, &trial->serialize, 1, travels).value);
		StringInfoData data;

		if (chance(75))
		{
			Datum		item = PointerGetDatum(sent);
			Corpus		corpus = {1, &item};

			make_bytes(&data, &corpus);
			sent = exact_bytea(data.data, data.len, trial->context);
		}
		/* strict functions get no NULL: the second argument only stands there */
		travels[0].value = PointerGetDatum(sent);
		travels[1].isnull = false;
		other = call_support(trial, &trial->deserialize, 2, travels);
	}
	result = combine_states(trial, one, other);
	if (chance(20))
		result = combine_states(trial, result, state_of_rows(trial, pick(4)));
	final_arg.value = result.value;
	final_arg.isnull = result.isnull;
	result = call_support(trial, &trial->final, 1, &final_arg);
	(void) shown_value(trial->result_type, result.value, result.isnull);
}

static void
support_function(FmgrInfo *info, Oid function)
{
	fmgr_info(function, info);
	fmgr_info_set_expr(call_expression(function), info);
}

/* fuzz_state(aggregate regprocedure, seed bigint, first bigint, inputs bigint, corpus bytea[]) */
Datum
fuzz_state(PG_FUNCTION_ARGS)
{
	Oid			aggregate = PG_GETARG_OID(0);
	int64		seed = PG_GETARG_INT64(1);
	int64		first = PG_GETARG_INT64(2);
	int64		inputs = PG_GETARG_INT64(3);
	Outcomes	outcomes = {0, 0, 0};
	StateTrial	trial;
	HeapTuple	tuple;
	Form_pg_aggregate form;
	Oid		   *argtypes;
	MemoryContext old;
	char	   *what = psprintf("fuzz_state %s", get_func_name(aggregate));

	SPI_connect();
	prepare(seed, PG_GETARG_ARRAYTYPE_P(4), CurrentMemoryContext);
	trial.context = exact_context(CurrentMemoryContext, "states");
	trial.caller = makeNode(WindowAggState);
	trial.caller->curaggcontext = trial.context;
	trial.result_type = get_func_signature(aggregate, &argtypes, &trial.nargs);
	memcpy(trial.argtypes, argtypes, sizeof(Oid) * trial.nargs);
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "%u is no aggregate", aggregate);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	support_function(&trial.add, form->aggtransfn);
	support_function(&trial.combine, form->aggcombinefn);
	support_function(&trial.serialize, form->aggserialfn);
	support_function(&trial.deserialize, form->aggdeserialfn);
	support_function(&trial.final, form->aggfinalfn);
	ReleaseSysCache(tuple);

	old = MemoryContextSwitchTo(trial.context);
	for (int64 i = first; i < first + inputs; i++)
	{
		begin_input(what, seed, i);
		try_input(try_state, &trial, &outcomes);
		MemoryContextReset(trial.context);
	}
	MemoryContextSwitchTo(old);
	SPI_finish();
	return outcomes_datum(fcinfo, &outcomes);
}

/* ------------------------------------------------------------------------
 * fuzz_call
 * ------------------------------------------------------------------------
 */

typedef struct CallTrial
{
	MemoryContext context;
	int			nfunctions;
	Oid		   *functions;
} CallTrial;

/* The calls of one call site: what it keeps from one to the next is tried too. */
static void
try_calls(void *arg)
{
	CallTrial  *trial = arg;
	Oid			function = trial->functions[pick(trial->nfunctions)];
	Oid			result_type;
	Oid		   *argtypes;
	int			nargs;
	FmgrInfo	info;
	ReturnSetInfo rsinfo;
	ExprContext *econtext = CreateStandaloneExprContext();
	int			ncalls = 1 + pick(4);
	NullableDatum kept = {(Datum) 0, true};

	result_type = get_func_signature(function, &argtypes, &nargs);
	fmgr_info_cxt(function, &info, trial->context);
	fmgr_info_set_expr(call_expression(function), &info);
	note_input("%s\n", get_func_name(function));
	memset(&rsinfo, 0, sizeof(rsinfo));
	rsinfo.type = T_ReturnSetInfo;

	while (ncalls-- > 0)
	{
		LOCAL_FCINFO(call, FUNC_MAX_ARGS);
		bool		any_null = false;
		int			nrows = 0;

		InitFunctionCallInfoData(*call, &info, nargs, C_COLLATION_OID, NULL, (Node *) &rsinfo);
		rsinfo.econtext = econtext;
		rsinfo.allowedModes = SFRM_ValuePerCall | SFRM_Materialize;
		rsinfo.returnMode = SFRM_ValuePerCall;
		for (int i = 0; i < nargs; i++)
		{
			/* one query sees one value of the settings */
			if (i == 0 && kept.value != (Datum) 0)
				call->args[i] = kept;
			else
				call->args[i].value = random_value(argtypes[i], &call->args[i].isnull, trial->context);
			if (i == 0 && type_is_array(argtypes[0]))
				kept = call->args[0];
			any_null |= call->args[i].isnull;
			note_input("%s\n", shown_value(argtypes[i], call->args[i].value, call->args[i].isnull));
		}
		if (any_null && info.fn_strict)
			continue;
		do
		{
			Datum		result;

			rsinfo.isDone = ExprSingleResult;
			call->isnull = false;
			result = FunctionCallInvoke(call);
			if (!call->isnull && rsinfo.isDone != ExprEndResult)
				(void) shown_value(result_type, result, false);
		} while (info.fn_retset && rsinfo.isDone == ExprMultipleResult && ++nrows < MAX_ROWS);
		if (nrows >= MAX_ROWS)
			break;
	}
	FreeExprContext(econtext, true);
}

/* fuzz_call(functions regprocedure[], seed bigint, first bigint, inputs bigint, corpus bytea[]) */
Datum
fuzz_call(PG_FUNCTION_ARGS)
{
	int64		seed = PG_GETARG_INT64(1);
	int64		first = PG_GETARG_INT64(2);
	int64		inputs = PG_GETARG_INT64(3);
	Outcomes	outcomes = {0, 0, 0};
	CallTrial	trial;
	Datum	   *functions;
	MemoryContext old;

	SPI_connect();
	prepare(seed, PG_GETARG_ARRAYTYPE_P(4), CurrentMemoryContext);
	trial.context = exact_context(CurrentMemoryContext, "calls");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), REGPROCEDUREOID, sizeof(Oid), true, TYPALIGN_INT,
					  &functions, NULL, &trial.nfunctions);
	trial.functions = palloc(sizeof(Oid) * trial.nfunctions);
	for (int i = 0; i < trial.nfunctions; i++)
		trial.functions[i] = DatumGetObjectId(functions[i]);
	old = MemoryContextSwitchTo(trial.context);
	for (int64 i = first; i < first + inputs; i++)
	{
		begin_input("fuzz_call", seed, i);
		try_input(try_calls, &trial, &outcomes);
		MemoryContextReset(trial.context);
	}
	MemoryContextSwitchTo(old);
	SPI_finish();
	return outcomes_datum(fcinfo, &outcomes);
}
