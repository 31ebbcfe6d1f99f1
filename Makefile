# goaltracker: a PostgreSQL extension
#
# Everything included, Debian's packages too, on a private server:
#   make demo             build, load example data, print the report
#   make demo-stop        stop the demo's server and remove its directory
#   make dashboard        the report in a browser, on the demo's database
#   make test             build with warnings as errors, run all tests
#   make test-clients     read the reports with JDBC, ODBC, Python's drivers and psql
#   make test-dashboard   test the dashboard, in a real browser too
#   make soak             the tests under load and under faults, at length
#   make fuzz             hostile input under sanitizers (scripts/fuzz.sh says more)
#   make valgrind         the tests of the C code under valgrind's memcheck
#   make packages         only install the missing packages (as root)
#   make test-matrix      make test with each PostgreSQL that Debian has, each in a
#                         root folder of its own (as root; 1.5 GB each)
#   make bench            compare with plain SQL and other engines; with options:
#                         make bench BENCH='--conversations 4000000'
#   make bench-dashboard  how long the dashboard's answers take
#
# As with any extension (PG_CONFIG=... chooses the PostgreSQL):
#   make                  build; WERROR=1: warnings are errors,
#                         ASSERTS=1: with goaltracker's own assertions
#   make install          install (DESTDIR=... elsewhere)
#   make installcheck     run the tests against a running server
#   make clean            remove everything built, private servers included
#
# For developers:
#   make format           clang-format over src/, line breaks and the like
#   make check-format     say what make format would change

EXTENSION = goaltracker
# the version stands in the control file alone
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(EXTENSION).control)
MODULE_big = goaltracker
OBJS := $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))

# The install script is the sections in order of their names.  Those of earlier
# releases are kept, and how to get from one to the next; that of this version
# too, once it is released.
INSTALL_SCRIPT_SQL = sql/$(EXTENSION)--$(EXTVERSION).sql
SECTIONS := $(sort $(wildcard sql/[0-9][0-9]-*.sql))
DATA_built = $(INSTALL_SCRIPT_SQL)
DATA := $(filter-out sql/releases/$(EXTENSION)--$(EXTVERSION).sql, \
	$(wildcard sql/releases/$(EXTENSION)--*.sql)) $(wildcard sql/$(EXTENSION)--*--*.sql)

# pg_regress reads test/sql and compares with expected/; isolation compares
# with test/expected/.
REGRESS := $(sort $(patsubst test/sql/%.sql,%,$(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=$(EXTENSION)
ISOLATION := $(sort $(patsubst test/specs/%.spec,%,$(wildcard test/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test --load-extension=$(EXTENSION)
ifneq ($(wildcard test/t/*.pl),)
TAP_TESTS = 1
PROVE_TESTS = test/t/*.pl test/soak/*.pl
endif

EXTRA_CLEAN = results/ regression.diffs regression.out

# PostgreSQL's own headers survive these, but for parameters left unused.
PG_CFLAGS = -Wextra -Wshadow -Wstrict-prototypes -Wold-style-definition \
	-Wwrite-strings -Wno-unused-parameter -Wno-declaration-after-statement
ifeq ($(WERROR),1)
PG_CFLAGS += -Werror
endif
PG_CPPFLAGS = -DGOALTRACKER_VERSION='"$(EXTVERSION)"'
ifeq ($(ASSERTS),1)
PG_CPPFLAGS += -DGOALTRACKER_ASSERTS
endif

# The work is in loops inside the functions, where JIT inlining gains nothing;
# without bitcode no clang is needed.
override with_llvm = no

PG_CONFIG = pg_config

# These bring what they need, PostgreSQL included, so they must not ask
# pg_config first.
STANDALONE = demo demo-stop dashboard test test-clients test-dashboard bench-dashboard soak fuzz valgrind \
	test-matrix packages bench format \
	check-format help

.PHONY: all $(STANDALONE) remove-private

all:

demo demo-stop dashboard test test-clients test-dashboard bench-dashboard soak fuzz valgrind test-matrix packages:
	@PG_CONFIG='$(PG_CONFIG)' scripts/$@.sh $(if $(filter packages,$@),pg_cron)

bench:
	@PG_CONFIG='$(PG_CONFIG)' bench/run $(BENCH)

# clang-format cannot align declarations as PostgreSQL's sources do, so what
# differs in white space alone is left as it stands.
format:
	@for file in src/*.c src/*.h; do \
		clang-format "$$file" | diff -uwB "$$file" - | patch -s "$$file"; done

check-format:
	@for file in src/*.c src/*.h; do \
		clang-format "$$file" | diff -uwB "$$file" - || status=1; done; exit $${status:-0}

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

# Servers and build directories of "make demo" and "make test".
clean: remove-private
remove-private:
	@scripts/demo-stop.sh --quiet
	@rm -rf build

ifneq ($(filter-out $(STANDALONE),$(or $(MAKECMDGOALS),all)),)
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(PGXS),)
include $(PGXS)
else ifneq ($(MAKECMDGOALS),clean)
$(error "$(PG_CONFIG)" does not run: install the PostgreSQL server development package ("make packages" as root does so on Debian), or say where it is with PG_CONFIG=...)
endif
endif

# Its loops over rows of numbers are the work.
src/markov_solve.o: override CFLAGS += $(CFLAGS_VECTORIZE)

$(OBJS): $(wildcard src/*.h) Makefile $(EXTENSION).control

$(INSTALL_SCRIPT_SQL): $(SECTIONS) Makefile $(EXTENSION).control
	{ echo '/* $@ */'; echo; \
	  echo '-- complain if the script is sourced in psql, rather than via CREATE EXTENSION'; \
	  printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	  for section in $(SECTIONS); do echo; cat "$$section"; done; } >$@.tmp
	mv $@.tmp $@
