/*-------------------------------------------------------------------------
 *
 * import.c
 *		Soft conversions for the importers: from what documents hold to what the
 *		tables take, without an error whatever it is.
 *
 * A document says the same thing in many ways: ids and times as text here and as
 * number there, "undefined", "null", the empty text or -1 for nothing, optional
 * values in the wrapping of Avro ({"long": 1}).  json_text() and its kin take a
 * part of a document and the key of one value in it, and give the value or NULL.
 * They never raise an error, so that one bad value does not stop a page of good
 * ones; whether a NULL stands for nothing or for something unusable is what
 * json_fault() tells, which is asked once for a part.
 *
 * split_records() is for documents that jsonb refuses as a whole: it finds the
 * records in the text, which can then be tried one by one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(goaltracker_json_text);
PG_FUNCTION_INFO_V1(goaltracker_json_name);
PG_FUNCTION_INFO_V1(goaltracker_json_id);
PG_FUNCTION_INFO_V1(goaltracker_json_time);
PG_FUNCTION_INFO_V1(goaltracker_json_amount);
PG_FUNCTION_INFO_V1(goaltracker_json_integer);
PG_FUNCTION_INFO_V1(goaltracker_json_list);
PG_FUNCTION_INFO_V1(goaltracker_json_fault);
PG_FUNCTION_INFO_V1(goaltracker_split_records);

/* As the tables have them: ids of 1 to 255 bytes, amounts numeric(20,4). */
#define MAX_ID_BYTES		255
#define AMOUNT_SCALE		4
#define AMOUNT_TYPMOD		(((20 << 16) | AMOUNT_SCALE) + VARHDRSZ)
#define AMOUNT_BOUND		INT64CONST(10000000000000000)	/* 10 ^ (20 - 4) */

/* No number that means anything here is longer as a text. */
#define MAX_NUMBER_BYTES	64
#define MAX_EXPONENT_DIGITS	3

/* How much of an unusable value an explanation shows. */
#define SHOWN_BYTES			60

/* What became of a conversion. */
typedef enum Outcome
{
	OUTCOME_NOTHING,			/* there was nothing to convert */
	OUTCOME_UNUSABLE,
	OUTCOME_VALUE
} Outcome;

/* A scalar of a document, as a text or as a number. */
typedef struct Scalar
{
	const char *chars;			/* NULL for a number */
	int			len;
	Numeric		number;
} Scalar;

static Outcome get_scalar(Jsonb *part, const char *key, int key_len, Scalar *scalar);
static Outcome get_id(Jsonb *part, const char *key, int key_len, text **id);
static Outcome get_time(Jsonb *part, const char *key, int key_len, TimestampTz *at);
static Outcome get_number(Jsonb *part, const char *key, int key_len, Numeric *number);
static Outcome get_amount(Jsonb *part, const char *key, int key_len, Numeric *amount);
static bool find_value(Jsonb *part, const char *key, int key_len, JsonbValue *value);
static void unwrap(JsonbValue *value);
static bool means_nothing(const char *chars, int len);
static bool is_minus_one(Numeric number);
static text *scalar_text(const Scalar *scalar);
static bool looks_like_number(const char *chars, int len);
static char *find_fault(Jsonb *part, ArrayType *keys, const char *what, Outcome (*check) (Jsonb *, const char *, int));
static Outcome check_id(Jsonb *part, const char *key, int key_len);
static Outcome check_time(Jsonb *part, const char *key, int key_len);
static Outcome check_amount(Jsonb *part, const char *key, int key_len);
static char *shown_value(Jsonb *part, const char *key, int key_len);
static const char *skip_space(const char *at, const char *end);
static const char *skip_string(const char *at, const char *end);
static const char *skip_value(const char *at, const char *end);
static const char *find_list(const char *at, const char *end, const text *key);

/*
 * The part and the key that all of json_text() and its kin take.  The key is a
 * name because names have collation "C", and so what comes out has it, too.
 */
#define PART	PG_GETARG_JSONB_P(0)
#define KEY		NameStr(*PG_GETARG_NAME(1)), (int) strlen(NameStr(*PG_GETARG_NAME(1)))

/*
 * json_text(part jsonb, key name) returns text
 *
 * A text or number as a text.  NULL where the part is no object or has no such
 * key, and for everything that means nothing; also for values that are neither
 * text nor number.
 */
Datum
goaltracker_json_text(PG_FUNCTION_ARGS)
{
	Scalar		scalar;

	if (get_scalar(PART, KEY, &scalar) != OUTCOME_VALUE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(scalar_text(&scalar));
}

/*
 * json_name(part jsonb, key name) returns text
 *
 * As json_text(), where "Unassigned" means nothing, too.
 */
Datum
goaltracker_json_name(PG_FUNCTION_ARGS)
{
	Scalar		scalar;

	if (get_scalar(PART, KEY, &scalar) != OUTCOME_VALUE)
		PG_RETURN_NULL();
	if (scalar.chars != NULL && scalar.len == 10 && memcmp(scalar.chars, "Unassigned", 10) == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(scalar_text(&scalar));
}

/*
 * json_id(part jsonb, key name) returns text
 *
 * As json_text(); NULL also where that has more than 255 bytes.
 */
Datum
goaltracker_json_id(PG_FUNCTION_ARGS)
{
	text	   *id;

	if (get_id(PART, KEY, &id) != OUTCOME_VALUE)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(id);
}

/*
 * json_time(part jsonb, key name) returns timestamptz
 *
 * Milliseconds since 1970, as text or number, fractions allowed.  NULL for
 * nothing, for what is no number, and beyond the range of a timestamptz.
 */
Datum
goaltracker_json_time(PG_FUNCTION_ARGS)
{
	TimestampTz at;

	if (get_time(PART, KEY, &at) != OUTCOME_VALUE)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

/*
 * json_amount(part jsonb, key name) returns numeric
 *
 * A text or number as numeric(20,4), rounded.  NULL for nothing, for what is no
 * number, and for what does not fit.
 */
Datum
goaltracker_json_amount(PG_FUNCTION_ARGS)
{
	Numeric		amount;

	if (get_amount(PART, KEY, &amount) != OUTCOME_VALUE)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(amount);
}

/*
 * json_integer(part jsonb, key name) returns bigint
 *
 * A text or number, rounded.  NULL for nothing, for what is no number, and for
 * what does not fit.
 */
Datum
goaltracker_json_integer(PG_FUNCTION_ARGS)
{
	Numeric		number;
	double		approximate;

	if (get_number(PART, KEY, &number) != OUTCOME_VALUE)
		PG_RETURN_NULL();
	approximate = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(number)));
	if (!(fabs(approximate) < 9e18))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(DirectFunctionCall1(numeric_int8, NumericGetDatum(number)));
}

/*
 * json_list(part jsonb, key name) returns jsonb
 *
 * An array.  NULL where there is none; a single object is the array of it.
 */
Datum
goaltracker_json_list(PG_FUNCTION_ARGS)
{
	JsonbValue	value;

	if (!find_value(PART, KEY, &value) || value.type != jbvBinary)
		PG_RETURN_NULL();
	if (JsonContainerIsArray(value.val.binary.data))
		PG_RETURN_JSONB_P(JsonbValueToJsonb(&value));
	PG_RETURN_JSONB_P(jsonb_array_of(&value));
}

/*
 * json_fault(part jsonb, ids text[], times text[], amounts text[]) returns text
 *
 * Which of the values under these keys is there and yet cannot be used, and why;
 * NULL where there is none.  A sentence without a period, for import_problem.
 */
Datum
goaltracker_json_fault(PG_FUNCTION_ARGS)
{
	Jsonb	   *part = PART;
	char	   *fault;

	fault = find_fault(part, PG_GETARG_ARRAYTYPE_P(1), "an id", check_id);
	if (fault == NULL)
		fault = find_fault(part, PG_GETARG_ARRAYTYPE_P(2), "a time in milliseconds", check_time);
	if (fault == NULL)
		fault = find_fault(part, PG_GETARG_ARRAYTYPE_P(3), "an amount", check_amount);
	if (fault == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(fault));
}

/*
 * split_records(document text, list_key text) returns text[]
 *
 * The elements of an array, or of the array under that key of an object; the
 * document itself where it is neither.  The document must have passed as json:
 * here nothing is checked but that its end is respected and that each record
 * begins with something; else invalid_text_representation is raised.
 */
Datum
goaltracker_split_records(PG_FUNCTION_ARGS)
{
	text	   *document = PG_GETARG_TEXT_PP(0);
	const text *key = PG_GETARG_TEXT_PP(1);
	const char *end = VARDATA_ANY(document) + VARSIZE_ANY_EXHDR(document);
	const char *at = skip_space(VARDATA_ANY(document), end);
	const char *list = at;
	ArrayBuildState *records = NULL;

	if (at < end && *at == '{')
		list = find_list(at, end, key);
	if (list == NULL || list == end || *list != '[')
	{
		records = accumArrayResult(records, PointerGetDatum(document), false, TEXTOID, CurrentMemoryContext);
		PG_RETURN_DATUM(makeArrayResult(records, CurrentMemoryContext));
	}

	records = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	at = skip_space(list + 1, end);
	while (at < end && *at != ']')
	{
		const char *record = at;
		text	   *element;

		CHECK_FOR_INTERRUPTS();
		at = skip_value(at, end);
		if (at == record && *at != ',')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("document is not JSON"),
					 errdetail("A \"%c\" stands where a record should begin.", *at)));
		element = cstring_to_text_with_len(record, at - record);
		records = accumArrayResult(records, PointerGetDatum(element), false, TEXTOID, CurrentMemoryContext);
		pfree(element);

		at = skip_space(at, end);
		if (at < end && *at == ',')
			at = skip_space(at + 1, end);
	}
	PG_RETURN_DATUM(makeArrayResult(records, CurrentMemoryContext));
}

/* The value under a key, out of Avro's wrapping; false where there is none. */
static bool
find_value(Jsonb *part, const char *key, int key_len, JsonbValue *value)
{
	if (!JB_ROOT_IS_OBJECT(part))
		return false;
	if (getKeyJsonValueFromContainer(&part->root, key, key_len, value) == NULL)
		return false;
	unwrap(value);
	return true;
}

/* {"string": "x"} stands for "x", and so on for all types that hold no others. */
static void
unwrap(JsonbValue *value)
{
	static const char *const wrappings[] =
	{"string", "long", "int", "double", "float", "boolean", "bytes", "array"};
	JsonbContainer *container;

	if (value->type != jbvBinary)
		return;
	container = value->val.binary.data;
	if (!JsonContainerIsObject(container) || JsonContainerSize(container) != 1)
		return;
	for (int i = 0; i < (int) lengthof(wrappings); i++)
	{
		if (getKeyJsonValueFromContainer(container, wrappings[i], strlen(wrappings[i]), value) != NULL)
			return;
	}
}

/* The text or number under a key. */
static Outcome
get_scalar(Jsonb *part, const char *key, int key_len, Scalar *scalar)
{
	JsonbValue	value;

	if (!find_value(part, key, key_len, &value) || value.type == jbvNull)
		return OUTCOME_NOTHING;
	if (value.type == jbvString)
	{
		scalar->chars = value.val.string.val;
		scalar->len = value.val.string.len;
		return means_nothing(scalar->chars, scalar->len) ? OUTCOME_NOTHING : OUTCOME_VALUE;
	}
	if (value.type == jbvNumeric)
	{
		scalar->chars = NULL;
		scalar->number = value.val.numeric;
		return is_minus_one(scalar->number) ? OUTCOME_NOTHING : OUTCOME_VALUE;
	}
	if (value.type == jbvBinary && JsonContainerSize(value.val.binary.data) == 0)
		return OUTCOME_NOTHING;	/* an empty array or object */
	return OUTCOME_UNUSABLE;
}

/* What documents write for nothing. */
static bool
means_nothing(const char *chars, int len)
{
	switch (len)
	{
		case 0:
			return true;
		case 2:
			return memcmp(chars, "-1", 2) == 0;
		case 4:
			return memcmp(chars, "null", 4) == 0;
		case 9:
			return memcmp(chars, "undefined", 9) == 0;
		default:
			return false;
	}
}

static bool
is_minus_one(Numeric number)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(number),
											NumericGetDatum(int64_to_numeric(-1))));
}

static text *
scalar_text(const Scalar *scalar)
{
	if (scalar->chars != NULL)
		return cstring_to_text_with_len(scalar->chars, scalar->len);
	return cstring_to_text(DatumGetCString(DirectFunctionCall1(numeric_out,
															   NumericGetDatum(scalar->number))));
}

static Outcome
get_id(Jsonb *part, const char *key, int key_len, text **id)
{
	Scalar		scalar;
	Outcome		outcome = get_scalar(part, key, key_len, &scalar);

	if (outcome != OUTCOME_VALUE)
		return outcome;
	*id = scalar_text(&scalar);
	return VARSIZE_ANY_EXHDR(*id) <= MAX_ID_BYTES ? OUTCOME_VALUE : OUTCOME_UNUSABLE;
}

/* A number; a text is one if it looks like one, blanks around it aside. */
static Outcome
get_number(Jsonb *part, const char *key, int key_len, Numeric *number)
{
	Scalar		scalar;
	Outcome		outcome = get_scalar(part, key, key_len, &scalar);
	char		chars[MAX_NUMBER_BYTES + 1];

	if (outcome != OUTCOME_VALUE)
		return outcome;
	if (scalar.chars == NULL)
	{
		*number = scalar.number;
		return OUTCOME_VALUE;
	}

	while (scalar.len > 0 && *scalar.chars == ' ')
	{
		scalar.chars++;
		scalar.len--;
	}
	while (scalar.len > 0 && scalar.chars[scalar.len - 1] == ' ')
		scalar.len--;
	if (!looks_like_number(scalar.chars, scalar.len))
		return OUTCOME_UNUSABLE;

	memcpy(chars, scalar.chars, scalar.len);
	chars[scalar.len] = '\0';
	*number = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(chars),
												  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return OUTCOME_VALUE;
}

/*
 * Whether numeric_in() takes this without an error: a sign, digits, a fraction, an
 * exponent, and none of them too long.
 */
static bool
looks_like_number(const char *chars, int len)
{
	const char *at = chars;
	const char *end = chars + len;
	int			digits = 0;
	int			exponent_digits = 0;

	if (len > MAX_NUMBER_BYTES)
		return false;
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		digits++;
	if (at < end && *at == '.')
	{
		for (at++; at < end && *at >= '0' && *at <= '9'; at++)
			digits++;
	}
	if (digits == 0)
		return false;
	if (at == end)
		return true;

	if (*at != 'e' && *at != 'E')
		return false;
	at++;
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		exponent_digits++;
	return at == end && exponent_digits >= 1 && exponent_digits <= MAX_EXPONENT_DIGITS;
}

/* Times that the tables take: 4713-01-01 BC to 294275-12-31. */
#define FIRST_INSTANT (MIN_TIMESTAMP + INT64CONST(38) * USECS_PER_DAY)
#define LAST_INSTANT (END_TIMESTAMP - INT64CONST(367) * USECS_PER_DAY)

/* Milliseconds since 1970 as an instant; PostgreSQL counts from 2000. */
static Outcome
get_time(Jsonb *part, const char *key, int key_len, TimestampTz *at)
{
	static const double first = (double) FIRST_INSTANT / 1000.0;
	static const double last = (double) LAST_INSTANT / 1000.0;
	static const double shift = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (double) SECS_PER_DAY * 1000.0;
	Numeric		number;
	Outcome		outcome = get_number(part, key, key_len, &number);
	double		milliseconds;
	double		whole;

	if (outcome != OUTCOME_VALUE)
		return outcome;
	milliseconds = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
													  NumericGetDatum(number))) - shift;
	if (!(milliseconds >= first && milliseconds < last))
		return OUTCOME_UNUSABLE;

	/*
	 * Whole milliseconds are exact in a double (until the year 287396), their
	 * thousandfold need not be.
	 */
	whole = floor(milliseconds);
	*at = (TimestampTz) whole * 1000 + (TimestampTz) rint((milliseconds - whole) * 1000.0);
	return *at >= FIRST_INSTANT && *at <= LAST_INSTANT ? OUTCOME_VALUE : OUTCOME_UNUSABLE;
}

static Outcome
get_amount(Jsonb *part, const char *key, int key_len, Numeric *amount)
{
	Numeric		number;
	Outcome		outcome = get_number(part, key, key_len, &number);
	Datum		rounded;
	Datum		bound;
	Datum		magnitude;

	if (outcome != OUTCOME_VALUE)
		return outcome;
	rounded = DirectFunctionCall2(numeric_round, NumericGetDatum(number), Int32GetDatum(AMOUNT_SCALE));
	magnitude = DirectFunctionCall1(numeric_abs, rounded);
	bound = NumericGetDatum(int64_to_numeric(AMOUNT_BOUND));
	if (!DatumGetBool(DirectFunctionCall2(numeric_lt, magnitude, bound)))
		return OUTCOME_UNUSABLE;
	*amount = DatumGetNumeric(DirectFunctionCall2(numeric, rounded, Int32GetDatum(AMOUNT_TYPMOD)));
	return OUTCOME_VALUE;
}

/* The first value under these keys that cannot be used, or NULL. */
static char *
find_fault(Jsonb *part, ArrayType *keys, const char *what, Outcome (*check) (Jsonb *, const char *, int))
{
	Datum	   *elements;
	bool	   *nulls;
	int			nkeys;

	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &nkeys);
	for (int i = 0; i < nkeys; i++)
	{
		text	   *key;

		if (nulls[i])
			continue;
		key = DatumGetTextPP(elements[i]);
		if (check(part, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)) == OUTCOME_UNUSABLE)
			return psprintf("%.*s is not %s: %s", (int) VARSIZE_ANY_EXHDR(key), VARDATA_ANY(key), what,
							shown_value(part, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)));
	}
	return NULL;
}

static Outcome
check_id(Jsonb *part, const char *key, int key_len)
{
	text	   *id;

	return get_id(part, key, key_len, &id);
}

static Outcome
check_time(Jsonb *part, const char *key, int key_len)
{
	TimestampTz at;

	return get_time(part, key, key_len, &at);
}

static Outcome
check_amount(Jsonb *part, const char *key, int key_len)
{
	Numeric		amount;

	return get_amount(part, key, key_len, &amount);
}

/* The value under a key as JSON, cut where it is long. */
static char *
shown_value(Jsonb *part, const char *key, int key_len)
{
	JsonbValue	value;
	Jsonb	   *json;
	char	   *shown;
	int			len;

	if (getKeyJsonValueFromContainer(&part->root, key, key_len, &value) == NULL)
		return pstrdup("");
	json = JsonbValueToJsonb(&value);
	shown = JsonbToCString(NULL, &json->root, VARSIZE(json));
	len = strlen(shown);
	if (len <= SHOWN_BYTES)
		return shown;
	len = pg_mbcliplen(shown, len, SHOWN_BYTES);
	return psprintf("%.*s... (%d bytes)", len, shown, (int) strlen(shown));
}

static const char *
skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* at stands on the opening quotation mark; gives the place behind the closing one. */
static const char *
skip_string(const char *at, const char *end)
{
	for (at++; at < end; at++)
	{
		if (*at == '\\')
			at++;
		else if (*at == '"')
			return at + 1;
	}
	return end;
}

/* at stands on the first character of a value; gives the place behind it. */
static const char *
skip_value(const char *at, const char *end)
{
	int			depth = 0;

	while (at < end)
	{
		CHECK_FOR_INTERRUPTS();
		if (*at == '"')
		{
			at = skip_string(at, end);
			if (depth == 0)
				return at;
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (*at == '}' || *at == ']')
		{
			if (depth <= 1)
				return depth == 0 ? at : at + 1;
			depth--;
		}
		else if (depth == 0 && (*at == ',' || *at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
			return at;
		at++;
	}
	return end;
}

/*
 * The value of a member of an object, NULL if it has none; of several members of
 * one name the last counts, as for jsonb.
 */
static const char *
find_list(const char *at, const char *end, const text *key)
{
	const char *found = NULL;
	size_t		key_len = VARSIZE_ANY_EXHDR(key);

	at = skip_space(at + 1, end);
	while (at < end && *at == '"')
	{
		const char *name = at + 1;
		bool		matches;

		at = skip_string(at, end);
		matches = (size_t) (at - 1 - name) == key_len && memcmp(name, VARDATA_ANY(key), key_len) == 0;

		at = skip_space(at, end);
		if (at < end && *at == ':')
			at = skip_space(at + 1, end);
		if (matches)
			found = at;
		at = skip_space(skip_value(at, end), end);
		if (at < end && *at == ',')
			at = skip_space(at + 1, end);
	}
	return found;
}
