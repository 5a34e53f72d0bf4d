/* The collector: registry.cpp, and its part of pool_state.cpp; and what has to hold when a cycle is over. */

/* membarrier(): the CPUs one after the other. The kernel refuses before it does anything. */
inline fence(granted) {
  if
  :: d_step { granted = true; REACHED(fenced) }
  :: d_step { granted = false; REACHED(refused) }
  fi;
#ifndef BUG_NO_FENCE
  do
  :: d_step { granted && i < CPUS ->
       who = 0;
       do
       :: who < THREADS ->
          if
          :: cpu[who] == i -> disturb(who)
          :: else
          fi;
          who++
       :: else -> break
       od;
       who = 0;
       i++ }
  :: d_step { (!granted || i == CPUS) -> i = 0 } -> break
  od
#endif
}

/* The old victim's depots are doomed, then the banks change places. */
inline rotate() {
  do
#ifdef BUG_DOOMED_IN_TWO_STEPS
  :: d_step { i < CPUS && head[other(local_bank) * CPUS + i] != 0 -> taken = head[other(local_bank) * CPUS + i] };
     d_step {
       head[other(local_bank) * CPUS + i] = below[magazine_of(taken)];
       push(doomed, taken);
       taken = 0 }
#else
  :: d_step { i < CPUS && head[other(local_bank) * CPUS + i] != 0 ->
       pop(head[other(local_bank) * CPUS + i], taken);
       push(doomed, taken);
       taken = 0 }
#endif
  :: d_step { i < CPUS && head[other(local_bank) * CPUS + i] == 0 -> i++ }
  :: d_step { i == CPUS -> local_bank = other(local_bank); i = 0 } -> break
  od
}

inline rotate_back() {
  d_step { local_bank = other(local_bank) };
  do
  :: d_step { doomed != 0 ->
       pop(doomed, taken);
       push(head[other(local_bank) * CPUS], taken);
       REACHED(gave_back)
       taken = 0 }
  :: d_step { doomed == 0 } -> break
  od
}

inline retire() {
  do
  :: d_step { i < CPUS ->
       /* No section that may still commit has this bank. */
       who = 0;
       do
       :: who < THREADS ->
          assert(!(ip[who] > S_BANK && ip[who] <= S_COMMIT && bank[who] == other(local_bank)));
          who++
       :: else -> break
       od;
       who = 0;
       taken = top[other(local_bank) * CPUS + i] };
     d_step {
       top[other(local_bank) * CPUS + i] = NO_MAGAZINE_TOP;
       if
       :: taken < WORDS -> taken = 0
       :: taken >= WORDS && count_of(taken) == 0 -> release(taken); taken = 0
       :: else -> REACHED(unloaded)
       fi };
     if
     :: d_step { taken != 0 -> push(head[other(local_bank) * CPUS + i], taken); taken = 0; i++ }
     :: d_step { taken == 0 -> i++ }
     fi
  :: d_step { i == CPUS -> i = 0 } -> break
  od
}

inline destroy_doomed() {
  d_step {
    do
    :: doomed != 0 ->
       pop(doomed, taken);
       assert(aging); /* nothing has aged if the cycle was abandoned */
       do
       :: count_of(taken) > 0 ->
          destroy(word[taken]);
          REACHED(aged)
          taken--
       :: else -> break
       od;
       release(taken)
    :: else -> break
    od;
    taken = 0 }
}

hidden byte magazines_seen[MAGAZINES + 1];
hidden byte objects_seen[OBJECTS + 1];
hidden byte at, w;
inline see(m) {
  if
  :: m >= WORDS ->
     magazines_seen[magazine_of(m)]++;
     w = 1;
     do
     :: w <= count_of(m) -> objects_seen[word[magazine_of(m) * WORDS + w]]++; w++
     :: else -> break
     od
  :: else
  fi
}
/* Every magazine is in one place, and every idle object in one magazine. What is lost stays lost, so it is
   enough to look once in a cycle, whatever the threads are doing then. */
inline conserved() {
  d_step {
    at = 0;
    do
    :: at <= MAGAZINES -> magazines_seen[at] = empty_magazine[at]; at++
    :: else -> break
    od;
    at = 0;
    do
    :: at <= OBJECTS -> objects_seen[at] = 0; at++
    :: else -> break
    od;
    at = 0;
    do
    :: at < 2 * CPUS ->
       see(top[at]);
       taken = head[at];
       do
       :: taken != 0 -> see(taken); taken = below[magazine_of(taken)]
       :: else -> break
       od;
       at++
    :: else -> break
    od;
    at = 0;
    do
    :: at < THREADS -> see(own[at]); at++
    :: else -> break
    od;
    taken = 0;
    at = 1;
    do
    :: at <= MAGAZINES -> assert(magazines_seen[at] == 1); at++
    :: else -> break
    od;
    at = 1;
    do
    :: at <= OBJECTS -> assert(objects_seen[at] == (object[at] == IDLE -> 1 : 0)); at++
    :: else -> break
    od;
    at = 0;
    w = 0
  }
}

proctype collector() {
  byte i;
  byte who;
  byte taken;
  bool aging;
end:
  do
  :: MAY_COLLECT /* run_cycle() */
#ifdef BUG_FENCE_BEFORE_ROTATION
     fence(aging);
     rotate();
#else
     rotate();
     fence(aging);
#endif
     if
#if defined(BUG_HALF_A_CYCLE)
     :: d_step { aging = true }; retire()
#elif defined(BUG_NO_ROTATE_BACK)
     :: aging -> retire()
     :: else
#else
     :: aging -> retire()
     :: else -> rotate_back()
#endif
     fi;
     destroy_doomed();
     conserved()
  od
}
