/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  What differs between the supported majors of PostgreSQL, 15 to 18.
 *
 * Every conditional on PG_VERSION_NUM stands here, with its reason.
 *
 *-------------------------------------------------------------------------
 */
#ifndef GOALTRACKER_COMPAT_H
#define GOALTRACKER_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "goaltracker needs PostgreSQL 15 or newer"
#endif

/*
 * 16 moved the declarations of varlena types into a header of their own, which
 * postgres.h no longer includes.
 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 lets a module say its name and version, for pg_get_loaded_modules(). */
#if PG_VERSION_NUM >= 180000
#define GOALTRACKER_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "goaltracker", .version = "1.0")
#else
#define GOALTRACKER_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/*
 * 18 writes pg_noreturn before a declaration where the others had
 * pg_attribute_noreturn() behind it.
 */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* 16 asks whether summarizing indexes alone are meant: here, all are. */
#if PG_VERSION_NUM >= 160000
#define InsertIndexTuples(result_rel, slot, estate) \
	ExecInsertIndexTuples(result_rel, slot, estate, false, false, NULL, NIL, false)
#else
#define InsertIndexTuples(result_rel, slot, estate) \
	ExecInsertIndexTuples(result_rel, slot, estate, false, false, NULL, NIL)
#endif

/* 18 can count the descents of an index for EXPLAIN. */
#if PG_VERSION_NUM >= 180000
#define BeginIndexScan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#else
#define BeginIndexScan(rel, index, snapshot, nkeys) \
	index_beginscan(rel, index, snapshot, nkeys, 0)
#endif

/*
 * The value that a setting was given before it was defined, or NULL.  From 16 on
 * GetConfigOption() gives an empty string for one that was taken back, which is
 * not the same as one that was set to an empty string.
 */
#include "utils/guc.h"
#if PG_VERSION_NUM >= 160000
#include "utils/guc_tables.h"
#endif

static inline const char *
early_setting(const char *name)
{
#if PG_VERSION_NUM >= 160000
	struct config_generic *setting = find_option(name, false, true, 0);

	if (setting == NULL || setting->vartype != PGC_STRING)
		return NULL;
	return *((struct config_string *) setting)->variable;
#else
	return GetConfigOption(name, true, false);
#endif
}

#endif							/* GOALTRACKER_COMPAT_H */
