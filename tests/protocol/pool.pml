/* The protocol of one pool on the rseq path, with the part of it that no C++ checker sees: the kernel, which
   preempts, migrates and signals threads between any two instructions and restarts their critical sections,
   and which may refuse the collector's fence.

   One step is one access to memory that others see: an instruction of a section (x86_64.hpp), a load of
   `local` or of a guessed `top`, a push to or a pop from a depot (which is lock-free, and one step here), a
   part of the collector's cycle (registry.cpp, pool_state.cpp). What a thread does with a magazine that is
   its own is part of the step before.

   A get that finds nothing idle makes an object that does not exist; if all there are exist, it ends as
   try_get() does.

   Bugs to seed are macros whose names begin with BUG_; tests/protocol/mutants.txt lists them. */

#ifndef THREADS
#define THREADS 2
#endif
#ifndef OBJECTS
#define OBJECTS 2
#endif
#ifndef MAGAZINES
#define MAGAZINES 3
#endif
#ifndef ROOM
#define ROOM 1 /* objects in a magazine */
#endif
/* Bounds, for searches that have to end soon: gets and puts of each thread, cycles, and how often the kernel
   moves or signals a thread. What is not defined is not bounded. */
#ifdef OPERATIONS
byte operations[THREADS];
#define MAY_START(t) &&operations[t] < OPERATIONS
#define STARTED(t) operations[t]++;
#else
#define MAY_START(t)
#define STARTED(t)
#endif
#ifdef CYCLES
byte cycles;
#define MAY_COLLECT d_step { cycles < CYCLES -> cycles++ };
#else
#define MAY_COLLECT
#endif
#ifdef DISTURBANCES
byte disturbances;
#define MAY_DISTURB &&disturbances < DISTURBANCES
#define DISTURBED disturbances++;
#else
#define MAY_DISTURB
#define DISTURBED
#endif

#define CPUS 2
#define NOWHERE CPUS /* the CPU of a thread that does not run */

/* A top pointer is magazine * WORDS + word. A magazine is full at its last word, and empty where the word is
   0: the sentinel is word 0. Magazine 0 is no_magazine, its top is the last word, so it is both. */
#define WORDS (ROOM + 1)
#define NO_MAGAZINE_TOP ROOM
#define magazine_of(top_pointer) ((top_pointer) / WORDS)
#define count_of(top_pointer) ((top_pointer) < WORDS -> 0 : (top_pointer) % WORDS)
#define is_full(top_pointer) ((top_pointer) % WORDS == ROOM)

byte local_bank;                              /* the bank that is local_bank, 0 or 1 */
byte top[2 * CPUS];                      /* of the shards: bank * CPUS + id */
byte word[(MAGAZINES + 1) * WORDS];
byte head[2 * CPUS];                     /* of the depots: the top pointer of the newest magazine, 0: none */
byte doomed;                             /* the same */
byte below[MAGAZINES + 1];               /* link of a magazine that is in a depot, or doomed */
bool empty_magazine[MAGAZINES + 1];      /* what magazine_store has */
byte nr_empty = MAGAZINES;

/* What has become of each object. */
#define IDLE 1
#define HELD 2
byte object[OBJECTS + 1];                /* 0: it does not exist */

/* Where a thread is. The order matters: from S_ID to S_COMMIT it is inside a section. */
#define USER 0
#define S_EARLY 1 /* only with a bug */
#define S_ARM 2
#define S_ID 3
#define S_BANK 4
#define S_TOP 5
#define S_OBJECT 6
#define S_COMMIT 7
#define S_CHANGED 8 /* behind the section: exchange_top() found something else */
#define FIND 10
#define FIND_OWN 11
#define FIND_STEAL 12
#define FIND_VICTIM 13
#define FIND_VICTIM_STEAL 14
#define FOUND 15
#define FOUND_OLD 16 /* from the victim */
#define LOAD_PEEK 17
#define LOAD_TOP 18
#define PARK 19
#define PARK_PUSH 20
#define PARK_OLD 21
#define SPILL_PEEK 22
#define SPILL_TOP 23

/* Which section it is. */
#define POP 0
#define PUSH 1
#define LOAD 2  /* exchange_top() of pool_core::load() */
#define SPILL 3 /* exchange_top() of pool_core::spill() */

byte ip[THREADS];
byte section[THREADS];
byte cpu[THREADS];
bool armed[THREADS];     /* rseq_cs points to the descriptor of the section */
byte id[THREADS];        /* registers of a section, and of the slow path after it */
byte bank[THREADS];
byte seen[THREADS];      /* the top pointer that was read, or guessed */
byte value[THREADS];     /* the object that a pop has read */
byte hand[THREADS];      /* the object the user has, and gives to put() */
byte own[THREADS];       /* top pointer of the magazine that is this thread's alone, 0: none */
byte guessed[THREADS];   /* the id where the slow path puts magazines */

/* How often the search went where it should: counters beside the state, which say nothing to the search. */
c_decl {
  enum { hit_get, hit_put, reused_depot, stolen, from_victim, missed, found_nothing, loaded, load_lost, parked, spilled,
         spill_lost, gave_up, dropped, unloaded, aged, refused, gave_back, fenced, id_read, bank_read, top_read,
         object_read, before_commit, signalled, preempted, migrated, last_counter };
  unsigned long how_often[last_counter];
  void print_reached(void);
}
c_code {
  void print_reached(void) {
    static const char* const name[] = {"hit_get", "hit_put", "reused_depot", "stolen", "from_victim", "missed",
      "found_nothing", "loaded", "load_lost", "parked", "spilled", "spill_lost", "gave_up", "dropped", "unloaded",
      "aged", "refused", "gave_back", "fenced", "restart_before_id", "restart_before_bank", "restart_before_top",
      "restart_before_object", "restart_before_commit", "signalled", "preempted", "migrated"};
    for (int at = 0; at < last_counter; ++at) printf("reached: %s %lu\n", name[at], how_often[at]);
  }
}
#define REACHED(what) c_code { ++how_often[what]; };

#define shard_of(t) (bank[t] * CPUS + id[t])
#define other(a) (1 - (a))
#define runs(t, where) (ip[t] == where && cpu[t] != NOWHERE)

#ifdef BUG_COMMIT_AFTER_END
#define inside(t) (ip[t] >= S_ID && ip[t] < S_COMMIT)
#else
#define inside(t) (ip[t] >= S_ID && ip[t] <= S_COMMIT)
#endif

inline begin_section(t, which) {
  section[t] = which;
#if defined(BUG_BANK_BEFORE_ARMING) || defined(BUG_ID_BEFORE_ARMING)
  ip[t] = S_EARLY
#else
  ip[t] = S_ARM
#endif
}
inline forget_registers(t) {
  armed[t] = false;
  id[t] = 0;
  bank[t] = 0;
  value[t] = 0;
  if
  :: section[t] <= PUSH -> seen[t] = 0
  :: else
  fi
}
inline to_user(t) {
  forget_registers(t);
  section[t] = 0;
  seen[t] = 0;
  guessed[t] = 0;
  own[t] = 0;
  ip[t] = USER
}

/* What the kernel does when a thread goes back to user mode after it was disturbed. */
inline disturb(t) {
#ifdef BUG_NO_ABORT
  skip
#else
  if
  :: inside(t) && armed[t] ->
     if
     :: ip[t] == S_ID -> REACHED(id_read)
     :: ip[t] == S_BANK -> REACHED(bank_read)
     :: ip[t] == S_TOP -> REACHED(top_read)
     :: ip[t] == S_OBJECT -> REACHED(object_read)
     :: ip[t] == S_COMMIT -> REACHED(before_commit)
     fi;
     forget_registers(t);
#ifdef BUG_NOT_ARMED_AGAIN
     ip[t] = S_ID
#else
     begin_section(t, section[t])
#endif
  :: else
  fi
#endif
}

inline push(stack, m) {
  below[magazine_of(m)] = stack;
  stack = m
}
inline pop(stack, m) {
  m = stack;
  stack = below[magazine_of(m)];
  below[magazine_of(m)] = 0
}
/* The lowest that is empty, as if of room for one more; m becomes 0 if there is none. */
inline acquire(t, m) {
  m = 1;
  do
  :: m <= MAGAZINES && !empty_magazine[m] -> m++
  :: else -> break
  od;
  if
  :: m <= MAGAZINES ->
     own[t] = m * WORDS + 1;
     empty_magazine[m] = false;
     nr_empty--
  :: else -> m = 0
  fi
}
inline release(m) {
  empty_magazine[magazine_of(m)] = true;
  nr_empty++;
  word[magazine_of(m) * WORDS + 1] = 0; /* a bug that reads there gets nothing */
#if ROOM == 2
  word[magazine_of(m) * WORDS + 2] = 0
#endif
}
inline hand_out(t, o) {
  assert(o != 0);
  assert(object[o] == IDLE); /* else it is destroyed, or somebody has it */
  object[o] = HELD;
  hand[t] = o
}
inline destroy(o) {
  assert(o != 0 && object[o] == IDLE);
  object[o] = 0
}

#include "thread.pml"

/* Puts a thread on a CPU. Who ran there has been preempted; in the model the kernel may leave it waiting for ever. */
#define MOVE(t, c)                    \
  :: d_step { cpu[t] != c MAY_DISTURB -> \
       DISTURBED                      \
       evicted = 0;                   \
       do                             \
       :: evicted < THREADS ->        \
          if                          \
          :: cpu[evicted] == c ->     \
             REACHED(preempted)       \
             cpu[evicted] = NOWHERE;  \
             disturb(evicted)         \
          :: else                     \
          fi;                         \
          evicted++                   \
       :: else -> break               \
       od;                            \
       evicted = 0;                   \
       REACHED(migrated)              \
       cpu[t] = c;                    \
       disturb(t) }
#define SIGNAL(t) \
  :: d_step { inside(t) && armed[t] MAY_DISTURB -> DISTURBED REACHED(signalled) disturb(t) }

/* A signal whose handler uses the pool is a thread that preempts this one on its CPU, and is done before. */
proctype kernel() {
  byte evicted;
end:
  do
  MOVE(0, 0)
  MOVE(0, 1)
  MOVE(1, 0)
  MOVE(1, 1)
  SIGNAL(0)
  SIGNAL(1)
#if THREADS == 3
  MOVE(2, 0)
  MOVE(2, 1)
  SIGNAL(2)
#endif
  od
}

#include "collector.pml"

inline hold(t, o) {
  hand[t] = o;
  object[o] = HELD
}
/* Magazine m gets ROOM objects, o the first of them. */
inline fill(m, o) {
  empty_magazine[m] = false;
  nr_empty--;
  word[m * WORDS + 1] = o;
  object[o] = IDLE;
#if ROOM == 2
  word[m * WORDS + 2] = o + 1;
  object[o + 1] = IDLE
#endif
}

init {
  byte n;
  d_step {
    c_code { atexit(print_reached); };
    n = 0;
    do
    :: n < 2 * CPUS -> top[n] = NO_MAGAZINE_TOP; n++
    :: else -> break
    od;
    n = 1;
    do
    :: n <= MAGAZINES -> empty_magazine[n] = true; n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < THREADS -> cpu[n] = (n < CPUS -> n : NOWHERE); n++
    :: else -> break
    od;
    n = 0
  };
  /* With the bounds above, what takes many operations to come about has to be there at the start. */
  atomic {
    if
    :: d_step { hold(0, 1); hold(1, 2) }
    :: d_step { fill(1, 1); push(head[0], 1 * WORDS + ROOM); hold(0, ROOM + 1) }     /* in a depot */
    :: d_step { fill(1, 1); push(head[CPUS + 1], 1 * WORDS + ROOM) }                 /* in the victim's */
    :: d_step { fill(1, 1); top[0] = 1 * WORDS + ROOM; hold(0, ROOM + 1) }           /* loaded */
    fi
  };
  atomic {
    run thread(0);
    run thread(1);
#if THREADS == 3
    run thread(2);
#endif
    run kernel();
    run collector()
  }
}
